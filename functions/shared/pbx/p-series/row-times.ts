import { findCallStart } from '../call-start.ts';
import type { Row } from './read-pages.ts';

/** Epoch ms, both included. */
export interface Span {
  from: number;
  to: number;
}

export function isInSpan(row: Row, { from, to }: Span, timeZone: string): boolean {
  const start = startOf(row, timeZone);
  return start === undefined || (start >= from && start <= to);
}

export function endOf(row: Row, timeZone: string): number | undefined {
  const start = startOf(row, timeZone);
  return start === undefined ? undefined : start + 1000 * (row.duration ?? 0);
}

export function startOf(row: Pick<Row, 'file' | 'uid'>, timeZone: string): number | undefined {
  const { callId = '', localStart = '' } = readTimes(row);
  return findCallStart(callId, localStart, timeZone);
}

/**
 * By the call id in the name of the file, and by the start of the call in `uid` (`yyyyMMddHHmmss` and five characters).
 * Not by `time`, which has the display format that somebody has chosen for the web page.
 */
export function readTimes({ file = '', uid = '' }: Pick<Row, 'file' | 'uid'>) {
  const [, named, callId] = /^(\d{14})-(\d+\.\d+)-/.exec(file) ?? [];
  const digits = /^\d{14}/.exec(uid)?.[0] ?? named;
  const localStart = digits?.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3 $4:$5:$6');
  return { callId, localStart };
}
