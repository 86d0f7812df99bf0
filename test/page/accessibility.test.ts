import AxeBuilder from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Archive, CUSTOMER, startArchive } from './archive.ts';
import { launchBrowser, type OpenedPage, openPage } from './browser.ts';
import { signIn } from './sign-in.ts';

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };

let archive: Archive;
let browser: Browser;
let page: OpenedPage;

beforeAll(async () => {
  [archive, browser] = await Promise.all([startArchive(), launchBrowser()]);
  await archive.call(
    { from: CUSTOMER, to: '1000', type: 'Inbound', talkSeconds: 9 },
    { from: '1001', to: '1003', type: 'Internal', talkSeconds: 4 },
  );
});
afterAll(async () => {
  await browser?.close();
  await archive?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  page = await openPage(browser);
});

/** What axe finds in the state of the page, light and dark, wide and narrow. */
async function violations(): Promise<string[]> {
  const found: string[] = [];
  for (const viewport of [WIDE, NARROW]) {
    await page.setViewportSize(viewport);
    // The colours of a narrow page are those of a wide one.
    for (const colorScheme of viewport === WIDE ? (['light', 'dark'] as const) : (['light'] as const)) {
      await page.emulateMedia({ colorScheme });
      const axe = new AxeBuilder({ page });
      if (colorScheme === 'dark') axe.withRules(['color-contrast', 'link-in-text-block']);
      const { violations, passes } = await axe.analyze();
      expect(passes.length).toBeGreaterThan(0);
      found.push(
        ...violations.map(
          ({ id, nodes }) => `${viewport.width} ${colorScheme} ${id}: ${nodes.map(({ html }) => html)}`,
        ),
      );
    }
    const [width, scrollWidth] = await page.evaluate<[number, number]>(
      '[innerWidth, document.documentElement.scrollWidth]',
    );
    if (scrollWidth > width) found.push(`${viewport.width}: scrolls sideways, ${scrollWidth}`);
  }
  await page.setViewportSize(WIDE);
  return found;
}

const player = () => page.getByRole('region', { name: 'Player' });
const dialog = () => page.getByRole('dialog');

describe('axe finds nothing', () => {
  test('when somebody signs in, and when that fails', async () => {
    await page.goto(archive.host.url);
    await page.getByLabel('Link token').waitFor();
    expect(await violations()).toEqual([]);
    await page.getByLabel('Link token').fill('wrong-0123456789');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This token is not valid').waitFor();
    expect(await violations()).toEqual([]);
  });

  test('in the results, in the player, and when nothing is found', async () => {
    await signIn(page, archive);
    await page.getByRole('button', { name: /^Play: .*1000/ }).waitFor();
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: /^Play: .*1000/ }).click();
    await player().getByRole('button', { name: 'Waveform' }).click();
    await page.locator('.waveform').waitFor();
    await player().getByText('Details', { exact: true }).click();
    expect(await violations()).toEqual([]);
    await page.getByLabel('Number or call ID').fill('0800 1');
    await page.keyboard.press('Enter');
    await page.getByText('No recording found', { exact: true }).waitFor();
    expect(await violations()).toEqual([]);
  });

  test('in German, whose words are longer', async () => {
    page = await openPage(browser, { locale: 'de-DE' });
    await page.goto(archive.host.url);
    await page.getByLabel('Link-Token').fill(archive.token);
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByRole('button', { name: /^Abspielen: .*1000/ }).click();
    await page.getByRole('region', { name: 'Wiedergabe' }).getByText('Einzelheiten', { exact: true }).click();
    expect(await violations()).toEqual([]);
  });

  test('in the dialogs', async () => {
    await signIn(page, archive);
    await page.getByRole('button', { name: /^Play: .*1000/ }).click();
    await player().getByRole('button', { name: 'Link for others' }).click();
    await dialog().getByText('There are none.').waitFor();
    expect(await violations()).toEqual([]);
    await dialog().getByRole('button', { name: 'Create link' }).click();
    await dialog()
      .getByRole('button', { name: /^Revoke/ })
      .waitFor();
    expect(await violations()).toEqual([]);
    await page.keyboard.press('Escape');
    await player().getByRole('button', { name: 'Who listened' }).click();
    await dialog().getByRole('table').waitFor();
    expect(await violations()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await dialog().getByText('Use these keys').waitFor();
    expect(await violations()).toEqual([]);
  });

  test('on the page of a link for others', async () => {
    await page.goto(`${archive.host.url}/s#${'A'.repeat(43)}`);
    await page.getByRole('button', { name: 'Open the recording' }).click();
    await page.getByText('This link cannot be opened').waitFor();
    expect(await violations()).toEqual([]);
  });
});

test('a screen reader finds headings, a table with heads, and a name for everything that can be operated', async () => {
  await signIn(page, archive);
  await page.getByRole('button', { name: /^Play: .*1000/ }).click();
  const { recordings } = await archive.ask<{ recordings: { at: string }[] }>('/api/recordings?number=1000');
  const time = new Date(recordings[0]?.at ?? '').toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin' });
  const row = page.getByRole('row').filter({ hasText: CUSTOMER });
  const expected = [
    `- row "Pause: ${time}, ${CUSTOMER} to 1000 ${time} ${CUSTOMER} 1000 Incoming 9 seconds PCM Archived verified as complete":`,
    `  - cell "Pause: ${time}, ${CUSTOMER} to 1000":`,
    `    - button "Pause: ${time}, ${CUSTOMER} to 1000"`,
    `  - rowheader "${time}":`,
    `    - time: ${time}`,
    `  - cell "${CUSTOMER}"`,
    '  - cell "1000"',
    '  - cell "Incoming"',
    '  - cell "9 seconds"',
    '  - cell "PCM"',
    '  - cell "Archived verified as complete"',
  ].join('\n');
  // A row that looks like a card is a row for all that.
  for (const viewport of [WIDE, NARROW]) {
    await page.setViewportSize(viewport);
    expect((await row.ariaSnapshot()).replaceAll("'", '')).toBe(expected);
  }
  const heads = await page.getByRole('columnheader').allTextContents();
  expect(heads.slice(0, 4)).toEqual(['Listen', expect.stringMatching(/^Time/), 'From', 'To']);
});

test('everything works in forced colours, and without motion', async () => {
  page = await openPage(browser, { forcedColors: 'active', reducedMotion: 'reduce' });
  await signIn(page, archive);
  await page.getByRole('button', { name: /^Play: .*1000/ }).click();
  const styleOf = (selector: string, property: string) =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`);
  expect(await styleOf('tr[aria-current]', 'outlineStyle')).toBe('solid');
  expect(await styleOf('.chip', 'transitionDuration')).toBe('0s');
});
