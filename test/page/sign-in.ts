import type { Page } from 'playwright-core';
import type { Archive } from './archive.ts';

/** Signs in with the link token, as a person does. */
export async function signIn(
  page: Page,
  { host, token }: Archive,
  url = host.url,
  name = 'Anna',
): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Link token').fill(token);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}
