import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dataChunk, factChunk, formatChunk, wavOf } from '../functions/archive-page/gsm/wav-files.ts';
import { makeTone } from './archive.ts';
import { playerOf, waitUntilPlayed } from './browser.ts';
import { signIn } from './sign-in.ts';
import { archive, page, useArchive } from './use-archive.ts';

const SECONDS = 4;
const LONG_SECONDS = 601;

/** Every code of G.711, again and again. */
const codes = Buffer.from(Array.from({ length: SECONDS * 8000 }, (_, sample) => sample % 256));
const g711 = (tag: number) =>
  wavOf([formatChunk({ tag, bits: 8 }), factChunk(codes.length), dataChunk(codes)]);

const mp3 = readFileSync(new URL('fixtures/vbr.mp3', import.meta.url));

useArchive(
  { from: '1001', to: '2001', talkSeconds: SECONDS, recording: g711(6) },
  { from: '1001', to: '2002', talkSeconds: SECONDS, recording: g711(7) },
  { from: '1001', to: '2003', talkSeconds: 2, recording: mp3, extension: 'mp3' },
  { from: '1001', to: '2004', talkSeconds: SECONDS, recording: makeTone(SECONDS) },
  { from: '1001', to: '2005', talkSeconds: LONG_SECONDS, recording: makeTone(LONG_SECONDS) },
);

const player = () => page.getByRole('region', { name: 'Player' });
const row = (to: string) => page.getByRole('row', { name: new RegExp(`1001 to ${to}`) });
const waveformButton = () => player().getByRole('button', { name: 'Waveform' });

test.each([
  ['A-law', '2001'],
  ['µ-law', '2002'],
])('%s plays, and its waveform is drawn', async (format, to) => {
  await signIn(page, archive);
  await row(to).waitFor();
  expect(await row(to).locator('.cell-format').textContent()).toBe(`${format} `);
  await row(to).getByRole('button').click();
  await waitUntilPlayed(page, 0.3);
  expect((await playerOf(page)).duration).toBeCloseTo(SECONDS, 1);
  await waveformButton().click();
  await page.locator('.waveform').waitFor();
  expect(page.problems).toEqual([]);
});

test('a browser without a sound output is not said to play no PCM', async () => {
  await signIn(page, archive);
  await row('2004').getByRole('button').click();
  await waitUntilPlayed(page, 0.1);
  // As Firefox does: the error is that of a file that cannot be decoded.
  await page.evaluate(`((player) => {
    Object.defineProperty(player, 'error', { value: { code: MediaError.MEDIA_ERR_DECODE } });
    player.dispatchEvent(new Event('error'));
  })(players.at(-1))`);
  await player().getByText('Check your connection and the sound output').waitFor();
  expect(await player().getByText('cannot play this format').count()).toBe(0);
});

test('MP3 with a variable bit rate plays, and its waveform is drawn', async () => {
  await signIn(page, archive);
  await row('2003').waitFor();
  expect(await row('2003').locator('.cell-format').textContent()).toBe('MP3 ');
  await row('2003').getByRole('button').click();
  await waitUntilPlayed(page, 0.3);
  await waveformButton().click();
  await page.locator('.waveform').waitFor();
  expect(page.problems).toEqual([]);
});

test('the waveform of a recording of unknown length is offered if the player finds it short enough', async () => {
  await page.route('**/api/recordings?*', async (route) => {
    const response = await route.fetch();
    const found = (await response.json()) as { recordings: object[] };
    for (const recording of found.recordings) Object.assign(recording, { seconds: undefined });
    await route.fulfill({ response, json: found });
  });
  await signIn(page, archive);
  await row('2004').getByRole('button').click();
  await waitUntilPlayed(page, 0);
  await waveformButton().click();
  await page.locator('.waveform').waitFor();

  await row('2005').getByRole('button').click();
  await expect.poll(async () => (await playerOf(page)).duration).toBeCloseTo(LONG_SECONDS, 1);
  await waitUntilPlayed(page, 0);
  expect(await waveformButton().count()).toBe(0);
});
