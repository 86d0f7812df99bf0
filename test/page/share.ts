import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { SimulatedCall } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { type Archive, PBX_ID } from './archive.ts';
import { type OpenedPage, openPage } from './browser.ts';

/** Makes a link for others with the API, as a program does. Returns also when it ends. */
export async function createShare(
  { host, token }: Archive,
  call: SimulatedCall | undefined,
  options: object = {},
): Promise<{ url: string; endsAt: string }> {
  const response = await fetch(`${host.url}/api/shares`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ pbx: PBX_ID, recording: call?.recording, download: true, ...options }),
  });
  const { url, share } = (await response.json()) as { url: string; share: { endsAt: string } };
  return { url, endsAt: share.endsAt };
}

/** The address of such a link. */
export const shareByApi = async (...share: Parameters<typeof createShare>): Promise<string> =>
  (await createShare(...share)).url;

/** Another person's browser, which has nothing but the link. */
export async function visit(
  browser: Browser,
  link: string,
  options?: BrowserContextOptions,
): Promise<OpenedPage> {
  const visitor = await openPage(browser, options);
  await visitor.goto(link);
  return visitor;
}

export const openButton = (visitor: Page) => visitor.getByRole('button', { name: 'Open the recording' });

/** As the archive responds to everything that it does not open. */
export const refuseToOpen = (visitor: Page) =>
  visitor.route('**/api/shares/open', (route) =>
    route.fulfill({ status: 404, json: { error: 'share-unavailable' } }),
  );
