import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { CallOptions } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { CUSTOMER, makeTone } from './archive.ts';

const LONG_SECONDS = 1500;
const gsm = readFileSync(new URL('../functions/archive-page/gsm/fixtures/speech.wav', import.meta.url));

/** One in each direction. The outbound one is GSM, and the last one longer than what a browser loads at once. */
export const CALLS: CallOptions[] = [
  { from: CUSTOMER, to: '1000', type: 'Inbound', talkSeconds: 20 },
  { from: '1001', to: '1003', type: 'Internal', talkSeconds: 4 },
  { from: '1002', to: '030 555111', type: 'Outbound', talkSeconds: 4, recording: gsm },
  {
    from: '1004',
    to: '1005',
    type: 'Internal',
    talkSeconds: LONG_SECONDS,
    recording: makeTone(LONG_SECONDS),
  },
];

export const rowsIn = (page: Page) => page.locator('.recordings tbody tr:not(.day)');

export const playerIn = (page: Page) => page.getByRole('region', { name: 'Player' });

/** Of the call from or to this number. */
export const playButtonIn = (page: Page, number: string) =>
  page.getByRole('button', { name: new RegExp(`^Play: .*${number.replace('+', '\\+')}`) });

export async function find(page: Page, number: string): Promise<void> {
  await page.getByLabel('Number or call ID').fill(number);
  await page.keyboard.press('Enter');
}
