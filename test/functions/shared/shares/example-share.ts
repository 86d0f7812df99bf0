import type { ShareRecord } from '../../../../functions/shared/shares/share.ts';
import { createShareToken, shareIdOf } from '../../../../functions/shared/shares/share-token.ts';

export const NOW = Date.parse('2026-11-26T12:00:00.000Z');
export const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const DAY_MS = 24 * 60 * 60 * 1000;

export const daysLater = (days: number) => NOW + days * DAY_MS;

const iso = (time: number) => new Date(time).toISOString();

/** A share that works for a week. */
export const exampleShare = (change: Partial<ShareRecord> = {}): ShareRecord => ({
  id: shareIdOf(createShareToken()),
  pbx: 'hq',
  recording: RECORDING,
  person: 'Ada',
  authority: { by: 'token', seal: 'sealed' },
  createdAt: iso(NOW),
  endsAt: iso(daysLater(7)),
  wrongPasscodes: 0,
  download: false,
  plays: 0,
  call: { at: '2017-09-01T10:18:04.000Z', seconds: 12, codec: 'gsm', from: '1001', to: '1003' },
  ...change,
});
