import { beforeEach, expect, test } from 'vitest';
import { playerOf, waitForFocus, waitUntilPlayed } from './browser.ts';
import { CALLS, playButtonIn, playerIn, rowsIn } from './recordings.ts';
import { signIn } from './sign-in.ts';
import { archive, page, useArchive } from './use-archive.ts';

useArchive(...CALLS);
beforeEach(() => signIn(page, archive));

const rows = () => rowsIn(page);
const playButton = (call: string) => playButtonIn(page, call);
const player = () => playerIn(page);

test('a call is found, heard, and closed again', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('1000');
  await page.keyboard.press('Enter');
  await expect.poll(() => rows().count()).toBe(1);
  await page.keyboard.press('Tab');
  await page.locator('body').evaluate('document.activeElement.blur()');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await waitUntilPlayed(page, 0.1);
  await page.keyboard.press('ArrowRight');
  await waitUntilPlayed(page, 10);
  await page.keyboard.press(']');
  expect((await playerOf(page)).rate).toBe(1.25);
  await page.keyboard.press('[');
  await page.keyboard.press('[');
  expect((await playerOf(page)).rate).toBe(0.75);
  await page.keyboard.press(' ');
  await expect.poll(async () => (await playerOf(page)).paused).toBe(true);
  await player().getByRole('button', { name: 'Close player' }).press('Enter');
  await expect.poll(() => player().count()).toBe(0);
  await waitForFocus(page, 'className', 'row-button');
});

test('the player is one Tab away from what was opened, and from the top of the page', async () => {
  const skip = page.getByRole('link', { name: 'Skip to the player' });
  await expect.poll(() => rows().count()).toBe(4);
  expect(await skip.count()).toBe(0);
  await playButton('1000').press('Enter');
  await player().waitFor();
  await page.keyboard.press('Tab');
  await waitForFocus(page, 'textContent', 'Skip to the player');
  expect(await skip.last().boundingBox()).toMatchObject({ y: expect.toSatisfy((y) => y >= 0) });
  await page.keyboard.press('Enter');
  await waitForFocus(page, 'id', 'player');
  await page.keyboard.press('Tab');
  await waitForFocus(page, 'ariaLabel', 'Close player');
  await skip.first().focus();
  await page.keyboard.press('Enter');
  await waitForFocus(page, 'id', 'player');
  await player().getByRole('button', { name: 'Close player' }).press('Enter');
  await expect.poll(() => skip.count()).toBe(0);
});

test('j and k go through the list, and keep the focus in sight', async () => {
  const focused = () => page.evaluate<string>('document.activeElement.closest("tr").textContent');
  await expect.poll(() => rows().count()).toBe(4);
  await page.keyboard.press('j');
  const first = await focused();
  await page.keyboard.press('j');
  expect(await focused()).not.toBe(first);
  await page.keyboard.press('k');
  expect(await focused()).toBe(first);
});

test('Space and the arrows are the browser’s own until something is open', async () => {
  await expect.poll(() => rows().count()).toBe(4);
  await page.evaluate(
    `addEventListener('keydown', (event) => { globalThis.taken = event.defaultPrevented; })`,
  );
  for (const key of [' ', 'ArrowRight']) {
    await page.keyboard.press(key);
    expect(await page.evaluate('taken')).toBe(false);
  }
  await playButton('1001').click();
  await page.keyboard.press('ArrowRight');
  expect(await page.evaluate('taken')).toBe(true);
});

test('? shows the keys, which can be switched off', async () => {
  await expect.poll(() => rows().count()).toBe(4);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).getByLabel('Use these keys').press(' ');
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await page.keyboard.press('/');
  expect(await page.evaluate('document.activeElement.type')).not.toBe('search');
  await page.reload();
  await expect.poll(() => rows().count()).toBe(4);
  await page.keyboard.press('?');
  expect(await page.getByRole('dialog').count()).toBe(0);
});
