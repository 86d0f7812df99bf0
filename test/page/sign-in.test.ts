import { beforeEach, expect, test } from 'vitest';
import { maxLengthOf } from '../openapi/file.ts';
import { CUSTOMER, PBX_ID } from './archive.ts';
import { openPage, waitForFocus, waitUntilPlayed } from './browser.ts';
import { signIn } from './sign-in.ts';
import { archive, browser, calls, page, useArchive } from './use-archive.ts';

// Long enough to be still playing when a busy machine looks.
useArchive({ from: CUSTOMER, to: '1000', type: 'Inbound', talkSeconds: 60 });
beforeEach(() => signIn(page, archive));

test('signing in lasts until the person signs out', async () => {
  await page.reload();
  await page.getByRole('button', { name: /^Play: / }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  await waitForFocus(page, 'textContent', 'Sign in');
  // Nothing is left to be read about recordings.
  await expect.poll(() => page.getByRole('status').allTextContents()).toEqual(['You are signed out.', '']);
  await page.reload();
  await page.getByLabel('Link token').waitFor();
});

test('signing in ends with a report of what was played until then', async () => {
  await page.getByRole('button', { name: /^Play: / }).click();
  await waitUntilPlayed(page, 1.2);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  const log = new URLSearchParams({ pbx: PBX_ID, recording: calls[0]?.recording ?? '' });
  const { accesses } = await archive.ask<{ accesses: { kind: string; seconds?: number }[] }>(
    `/api/access?${log}`,
  );
  const [played, ...more] = accesses.filter(({ kind }) => kind === 'played');
  expect(played).toMatchObject({ person: 'Anna', by: 'session' });
  expect(played?.seconds).toBeGreaterThanOrEqual(1);
  expect(more).toEqual([]);
});

test('signing in ends although the report of what was played gets no response', async () => {
  await page.route(/\/api\/access$/, () => undefined);
  await page.getByRole('button', { name: /^Play: / }).click();
  await waitUntilPlayed(page, 1.2);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
});

test('signing in says what to do if the browser keeps no cookie, each time', async () => {
  const visitor = await openPage(browser);
  // A browser that blocks cookies acts as if there were none in the response.
  await visitor.route('**/api/session', (route) => route.fulfill({ status: 204 }));
  await visitor.goto(archive.host.url);
  for (let attempt = 0; attempt < 2; attempt++) {
    await visitor.getByLabel('Link token').fill(archive.token);
    const refusal = visitor.waitForResponse('**/api/me');
    await visitor.getByRole('button', { name: 'Sign in' }).click();
    await refusal;
    await visitor.getByText('Allow cookies for this page').waitFor();
    await waitForFocus(visitor, 'textContent', 'Sign in');
    await visitor.getByRole('button', { name: 'Sign in', disabled: false }).waitFor();
  }
  expect(visitor.problems).toEqual([]);
});

test('signing in tells a connection that is missing from an archive that does not respond', async () => {
  const visitor = await openPage(browser);
  await visitor.goto(archive.host.url);
  await visitor.getByLabel('Link token').fill(archive.token);
  await visitor.route('**/api/session', (route) => route.abort(), { times: 1 });
  await visitor.getByRole('button', { name: 'Sign in' }).click();
  await visitor.getByText('No connection. Check your network').waitFor();
  await visitor.route('**/api/session', (route) => route.fulfill({ status: 503 }), { times: 1 });
  await visitor.getByRole('button', { name: 'Sign in' }).click();
  await visitor.getByText('The archive is not responding at the moment').waitFor();
  await visitor.getByRole('button', { name: 'Sign in' }).click();
  await visitor.getByRole('button', { name: 'Sign out' }).waitFor();
});

test('signing in is what a page needs to keep asking how complete the archive is', async () => {
  const visitor = await openPage(browser);
  await visitor.clock.install();
  let asked = 0;
  visitor.on('request', (request) => {
    if (request.url().endsWith('/api/me')) asked += 1;
  });
  await visitor.goto(archive.host.url);
  await visitor.getByLabel('Link token').waitFor();
  await visitor.clock.runFor(16 * 60_000);
  await visitor.getByLabel('Your name').fill('Anna');
  expect(asked).toBe(1);

  await signIn(visitor, archive);
  const before = asked;
  await visitor.clock.runFor(6 * 60_000);
  await expect.poll(() => asked).toBe(before + 1);
});

test('signing in takes a name as long as the API accepts', async () => {
  const visitor = await openPage(browser);
  await visitor.goto(archive.host.url);
  await visitor.getByLabel('Link token').fill(archive.token);
  await visitor.getByLabel('Your name').focus();
  const longest = 'n'.repeat(maxLengthOf('/api/session', 'name'));
  await visitor.keyboard.insertText(`${longest}n`);
  await visitor.keyboard.press('Enter');
  await visitor.getByRole('button', { name: 'Sign out' }).waitFor();
  const me = await visitor.request.get(`${archive.host.url}/api/me`);
  expect(await me.json()).toMatchObject({ person: longest });
});

test('signing in refuses a wrong token, and after some of them every one for a minute', async () => {
  const stranger = await openPage(browser);
  await stranger.goto(archive.host.url);
  const button = stranger.getByRole('button', { name: 'Sign in' });
  for (let attempt = 0; attempt < 5; attempt++) {
    await stranger.getByLabel('Link token').fill(`wrong-${attempt}-0123456789`);
    const [response] = await Promise.all([stranger.waitForResponse(/\/api\/session$/), button.click()]);
    expect(response.status()).toBe(401);
    await stranger.getByText('This token is not valid').waitFor();
  }
  await stranger.getByLabel('Link token').fill('another-0123456789');
  await button.click();
  await stranger.getByText('Too many wrong tokens').waitFor();
  expect(stranger.problems).toEqual([]);
});
