import { existsSync } from 'node:fs';
import bundledChromium from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished, vi } from 'vitest';

const DEBIAN = '/usr/bin/chromium';

/** Debian's Chromium, or the one in `CHROMIUM`, if there is one; otherwise the one that npm has installed. */
export async function launchBrowser(): Promise<Browser> {
  const installed = process.env.CHROMIUM ?? (existsSync(DEBIAN) ? DEBIAN : undefined);
  return chromium.launch({
    executablePath: installed ?? (await bundledChromium.executablePath()),
    // Not the bundled one's own list: it turns off what the page has to cope with, such as the same-origin policy.
    args: ['--headless=shell', '--disable-dev-shm-usage', '--font-render-hinting=none'],
    chromiumSandbox: false,
  });
}

export interface OpenedPage extends Page {
  /** What the page has reported as errors: exceptions, and what its Content-Security-Policy has blocked. */
  problems: string[];
}

/** A page in a context of its own, such as another person's browser. Ends with the test. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<OpenedPage> {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'America/New_York',
    viewport: { width: 1280, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(30_000);
  // The player is not part of the document.
  await context.addInitScript({
    content: `globalThis.players = [];
      globalThis.Audio = class extends Audio { constructor() { super(); players.push(this); } };`,
  });
  const page = (await context.newPage()) as OpenedPage;
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message));
  page.on('console', (message) => {
    // A status of 400 or more is shown as an error, too, and is none of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      page.problems.push(message.text());
  });
  return page;
}

/** Where the player is, in seconds, and how fast it plays. */
export const playerOf = (page: Page) =>
  page.evaluate<{ seconds: number; rate: number; paused: boolean; duration: number }>(
    `(({ currentTime, playbackRate, paused, duration }) => ({ seconds: currentTime, rate: playbackRate, paused, duration }))(players.at(-1))`,
  );

/** Resolves when the player plays and has passed this second. */
export async function waitUntilPlayed(page: Page, seconds: number): Promise<void> {
  const isPlayed = `players.some((player) => !player.paused && player.currentTime > ${seconds})`;
  await vi.waitFor(async () => expect(await page.evaluate(isPlayed)).toBe(true), {
    timeout: 30_000,
    interval: 50,
  });
}

type Noted = 'failed' | 'began';

/**
 * Notes where the player fails from now on, and where it then begins to play. Returns a function that resolves, when
 * exactly this is noted, with the positions in seconds.
 */
export async function notePlaying(page: Page) {
  await page.evaluate(`{
    const player = players.at(-1);
    globalThis.noted = {};
    player.addEventListener('error', () => { noted = { failed: player.currentTime }; });
    player.addEventListener('playing', () => { noted.began ??= player.currentTime; });
  }`);
  return (...expected: Noted[]) =>
    vi.waitFor(
      async () => {
        const noted = await page.evaluate<Record<Noted, number>>('noted');
        expect(Object.keys(noted)).toEqual(expected);
        return noted;
      },
      { timeout: 30_000, interval: 50 },
    );
}

/** Resolves when the element that has the focus is the expected one, by an expression of it. */
export const waitForFocus = (page: Page, property: string, expected: string) =>
  expect.poll(() => page.evaluate(`document.activeElement.${property}`)).toBe(expected);
