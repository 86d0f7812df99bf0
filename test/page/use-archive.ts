import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { CallOptions, SimulatedCall } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { type Archive, startArchive } from './archive.ts';
import { launchBrowser, type OpenedPage, openPage } from './browser.ts';

export let archive: Archive;
export let browser: Browser;
/** In the order in which they were given to `useArchive`. */
export let calls: SimulatedCall[];
/** A new one for each test. */
export let page: OpenedPage;

/** Gives the tests of a file an archive with these calls, and a browser. */
export function useArchive(...options: CallOptions[]): void {
  beforeAll(async () => {
    [archive, browser] = await Promise.all([startArchive(), launchBrowser()]);
    calls = await archive.call(...options);
  });
  afterAll(async () => {
    await browser?.close();
    await archive?.[Symbol.asyncDispose]();
  });
  beforeEach(() => reopenPage());
}

/** Opens the page with other settings of the browser, for the rest of the test. */
export async function reopenPage(options?: BrowserContextOptions): Promise<void> {
  page = await openPage(browser, options);
}
