import { readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { CUSTOMER, PBX_ID } from './archive.ts';
import { notePlaying, openPage, playerOf, waitForFocus, waitUntilPlayed } from './browser.ts';
import { CALLS, find, playButtonIn, playerIn, rowsIn } from './recordings.ts';
import { signIn } from './sign-in.ts';
import { archive, browser, calls, page, useArchive } from './use-archive.ts';

useArchive(...CALLS);
beforeEach(() => signIn(page, archive));

const rows = () => rowsIn(page);
const playButton = (call: string) => playButtonIn(page, call);
const player = () => playerIn(page);

test('plays, pauses, seeks, and changes speed and volume', async () => {
  await playButton(CUSTOMER).click();
  await waitUntilPlayed(page, 0.2);
  await player().getByLabel('Speed').selectOption('2×');
  expect((await playerOf(page)).rate).toBe(2);
  await player().getByRole('button', { name: 'Forward 10 seconds' }).click();
  await waitUntilPlayed(page, 10);
  await player().getByRole('button', { name: 'Pause' }).click();
  await expect.poll(async () => (await playerOf(page)).paused).toBe(true);
  await player().getByRole('slider', { name: 'Position' }).fill('3');
  await expect.poll(async () => (await playerOf(page)).seconds).toBe(3);
  expect(await player().getByRole('slider', { name: 'Position' }).getAttribute('aria-valuetext')).toBe(
    '3 seconds of 20 seconds',
  );
  await player().getByRole('slider', { name: 'Volume' }).fill('0.5');
  await expect.poll(() => page.evaluate('players.at(-1).volume')).toBe(0.5);
  expect(page.problems).toEqual([]);
});

test('goes to the next and the previous recording', async () => {
  await rows().first().getByRole('button').click();
  const title = () => player().getByRole('heading').textContent();
  const first = await title();
  await player().getByRole('button', { name: 'Next recording' }).click();
  await expect.poll(title).not.toBe(first);
  await waitUntilPlayed(page, 0);
  await player().getByRole('button', { name: 'Previous recording' }).click();
  await expect.poll(title).toBe(first);
});

test('plays a GSM recording, which this browser cannot play, and says so beforehand', async () => {
  await find(page, '030 555111');
  await expect.poll(() => rows().count()).toBe(1);
  expect(await rows().first().locator('.cell-format').textContent()).toBe(
    'GSM plays through the page’s own decoder',
  );
  expect(await page.evaluate('document.createElement("audio").canPlayType(\'audio/wav; codecs="49"\')')).toBe(
    '',
  );
  await playButton('1002').click();
  await waitUntilPlayed(page, 0.3);
  expect(page.problems).toEqual([]);
});

// After a deployment, the file is no longer there. API Gateway or Lambda may also have refused it once.
test.each([
  ['decoder', /\/assets\/gsm-worker-/],
  ['part that fetches it', /\/assets\/fetch-audio-/],
])('says that the %s is missing, not the recording, and offers a reload', async (_, file) => {
  await page.route(file, (route) => route.fulfill({ status: 429 }));
  await playButton('1002').click();
  await player().getByText('This part of the page could not be loaded').waitFor();
  expect(await player().getByText('Check your connection and the sound output').count()).toBe(0);
  await page.unroute(file);
  await player().getByRole('button', { name: 'Reload the page' }).click();
  await player().getByRole('button', { name: 'Play', exact: true }).click();
  await waitUntilPlayed(page, 0.3);
});

test('plays a GSM recording although the decoder was refused once', async () => {
  await page.route(/\/assets\/gsm-worker-/, (route) => route.fulfill({ status: 503 }), { times: 1 });
  await playButton('1002').click();
  await player().getByText('This part of the page could not be loaded').waitFor();
  await player().getByRole('button', { name: 'Play', exact: true }).click();
  await waitUntilPlayed(page, 0.3);
});

test('says that the player is missing, and offers a reload', async () => {
  await page.route(/\/assets\/player-panel-/, (route) => route.fulfill({ status: 404 }));
  await page.reload();
  await playButton('1000').click();
  await player().getByText('This part of the page could not be loaded').waitFor();
  await page.unroute(/\/assets\/player-panel-/);
  await player().getByRole('button', { name: 'Reload the page' }).click();
  await player().getByRole('button', { name: 'Play', exact: true }).click();
  await waitUntilPlayed(page, 0.1);
});

test('draws the waveform when it is asked to, and not of a recording that is longer than ten minutes', async () => {
  await playButton(CUSTOMER).click();
  await waitUntilPlayed(page, 0);
  expect(await page.locator('.waveform').count()).toBe(0);
  await player().getByRole('button', { name: 'Waveform' }).click();
  await page.locator('.waveform').waitFor();
  await playButton('1004').click();
  await waitUntilPlayed(page, 0);
  expect(await player().getByRole('button', { name: 'Waveform' }).count()).toBe(0);
  expect(page.problems).toEqual([]);
});

test('draws no waveform of another recording than the one that is open', async () => {
  const { promise: isLate, resolve: deliver } = Promise.withResolvers<void>();
  await page.route(/X-Amz-Signature/, async (route) => {
    if (route.request().resourceType() === 'fetch') await isLate;
    await route.continue();
  });
  await playButton(CUSTOMER).click();
  await waitUntilPlayed(page, 0);
  await player().getByRole('button', { name: 'Waveform' }).click();
  await player().getByRole('button', { name: 'Drawing the waveform' }).waitFor();
  await playButton('1004').click();
  await player().getByRole('heading', { name: '1004' }).waitFor();
  const arrived = page.waitForEvent('requestfinished', (request) => request.resourceType() === 'fetch');
  deliver();
  await arrived;
  await player().getByRole('slider', { name: 'Position' }).fill('1400');
  await waitUntilPlayed(page, 1401);
  expect(await page.locator('.waveform').count()).toBe(0);
});

test('keeps its link when that of the recording that was open before arrives late', async () => {
  // Encoded in the same way in every URL.
  const [first = '', second = ''] = calls.map(({ recording }) => /^\d{14}-[\d.]+/.exec(recording)?.[0]);
  const { promise: isLate, resolve: deliver } = Promise.withResolvers<void>();
  await page.route(
    ({ pathname, href }) => pathname.startsWith('/api/recordings/') && href.includes(first),
    async (route) => {
      await isLate;
      await route.continue();
    },
  );
  const opened = page.waitForResponse(/X-Amz-Signature/);
  await playButton(CUSTOMER).click();
  await playButton('1001').click();
  await opened;
  const late = page.waitForResponse((response) => response.url().includes(first));
  deliver();
  await late;
  const drawn = page.waitForRequest(
    (request) => request.resourceType() === 'fetch' && /X-Amz-Signature/.test(request.url()),
  );
  await player().getByRole('button', { name: 'Waveform' }).click();
  expect((await drawn).url()).toContain(second);
});

test('plays a recording although the one that was open before had not begun yet', async () => {
  await playButton('1004').click();
  await waitUntilPlayed(page, 0);
  // At the next recording, once the player has been told to play, and before it does.
  await playButton('1001').evaluate((button: { click(): void }) => {
    const [player] = (globalThis as unknown as { players: [{ play?(): Promise<void> }] }).players;
    player.play = () => {
      delete player.play;
      queueMicrotask(() => button.click());
      return (player as Required<typeof player>).play();
    };
  });
  await playButton(CUSTOMER).click();
  await player().getByRole('heading', { name: '1001' }).waitFor();
  await waitUntilPlayed(page, 0);
});

test('gets a new link when the link has expired, and goes on at the same second', async () => {
  let expired = '';
  let links = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/recordings/')) links += 1;
    else if (request.url().includes('X-Amz-Signature')) expired ||= request.url();
  });
  await playButton('1004').click();
  await waitUntilPlayed(page, 0.2);
  // What S3 answers once the time of a link is over. A link that was signed in the same second is the same.
  await page.route(
    (url) => url.href === expired && links === 1,
    (route) => route.fulfill({ status: 403, contentType: 'application/xml', body: '<Error/>' }),
  );
  await player().getByRole('slider', { name: 'Position' }).fill('1400');
  await waitUntilPlayed(page, 1400);
  expect((await playerOf(page)).seconds).toBeLessThan(1410);
  expect(links).toBe(2);
  expect(await player().locator('.player-status').allTextContents()).toEqual(['', '']);
  expect(page.problems).toEqual([]);
});

test('plays on at the same second with one new link after a pause that was longer than the link is valid', async () => {
  let links = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/recordings/')) links += 1;
  });
  await playButton('1004').click();
  await player().getByRole('slider', { name: 'Position' }).fill('700');
  await waitUntilPlayed(page, 701);
  await player().getByRole('button', { name: 'Pause' }).click();
  const paused = await playerOf(page);
  expect(paused).toMatchObject({ paused: true });
  await page.clock.setFixedTime(Date.now() + 16 * 60_000);
  const noted = await notePlaying(page);
  await player().getByRole('button', { name: 'Play', exact: true }).click();
  expect(Math.abs((await noted('began')).began - paused.seconds)).toBeLessThan(2);
  await waitUntilPlayed(page, paused.seconds + 1);
  // It is not left to an error of the player, which would stop when it has played what it has loaded.
  await noted('began');
  expect(links).toBe(2);
  expect(page.problems).toEqual([]);
});

test('plays on at the same second with one new link after an error in the middle of playing', async () => {
  let links = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/recordings/')) links += 1;
  });
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  // What the player loads first is half a minute.
  await page.route(/X-Amz-Signature/, async (route) => {
    const { range = '' } = await route.request().allHeaders();
    if (links > 1) return route.continue();
    if (range === 'bytes=0-') {
      const headers = { ...route.request().headers(), range: 'bytes=0-479999' };
      return route.fulfill({ response: await route.fetch({ headers }) });
    }
    await isOver;
    return route.fulfill({ status: 403, contentType: 'application/xml', body: '<Error/>' });
  });
  await playButton('1004').click();
  await waitUntilPlayed(page, 2);
  const noted = await notePlaying(page);
  end();
  const { failed, began } = await noted('failed', 'began');
  expect(failed).toBeGreaterThan(2);
  expect(Math.abs(began - failed)).toBeLessThan(2);
  await waitUntilPlayed(page, began + 1);
  expect(links).toBe(2);
  expect(await player().locator('.player-status').allTextContents()).toEqual(['', '']);
  expect(page.problems).toEqual([]);
});

test('says why it has no link, and tries again', async () => {
  await page.route('**/api/recordings/**', (route) => route.fulfill({ status: 503 }));
  await playButton(CUSTOMER).click();
  const problem = 'The archive did not provide this recording. The archive is not responding at the moment.';
  await player().getByText(`${problem} Try again in a minute.`).waitFor();
  await page.unroute('**/api/recordings/**');
  const retry = player().getByRole('button', { name: 'Try again' });
  await retry.click();
  await waitUntilPlayed(page, 0);
  expect(await retry.count()).toBe(0);
  expect(await page.evaluate('document.activeElement.className')).toBe('round play');
  expect(await player().locator('.player-status').allTextContents()).toEqual(['', '']);
});

test('opens the link that a colleague has passed on', async () => {
  await playButton(CUSTOMER).click();
  await player().getByRole('button', { name: 'Link for colleagues' }).click();
  await page.getByText('Link copied').waitFor();
  const link = await page.evaluate<string>('navigator.clipboard.readText()');
  const colleague = await openPage(browser);
  await colleague.goto(link);
  await signIn(colleague, archive, link);
  await colleague.getByRole('region', { name: 'Player' }).getByRole('heading').waitFor();
  expect((await playerOf(colleague)).paused).toBe(true);
  await colleague
    .getByRole('region', { name: 'Player' })
    .getByRole('button', { name: 'Play', exact: true })
    .click();
  await waitUntilPlayed(colleague, 0.1);
});

test('keeps the open recording in the address, for reloading, going back, and changing the language', async () => {
  await page.getByLabel('Direction').selectOption('Incoming');
  await expect.poll(() => rows().count()).toBe(1);
  const opened = `${PBX_ID}/${calls[0]?.recording}`;
  const inAddress = () => new URL(page.url()).searchParams.get('open');
  await playButton(CUSTOMER).click();
  await waitUntilPlayed(page, 0);
  expect(inAddress()).toBe(opened);
  expect(new URL(page.url()).searchParams.get('direction')).toBe('inbound');

  await page.goBack();
  await expect.poll(() => player().count()).toBe(0);
  expect(inAddress()).toBeNull();
  await expect.poll(() => rows().count()).toBe(1);
  await page.goForward();
  await player().getByRole('heading', { name: CUSTOMER }).waitFor();

  await page.reload();
  await player().getByRole('heading', { name: CUSTOMER }).waitFor();
  await expect.poll(() => rows().count()).toBe(1);
  await player().getByRole('button', { name: 'Play', exact: true }).click();
  await waitUntilPlayed(page, 0.2);
  await page.getByLabel('Language').selectOption('Deutsch');
  await page.getByRole('region', { name: 'Wiedergabe' }).waitFor();
  await waitUntilPlayed(page, 0.5);

  await page.getByRole('button', { name: 'Wiedergabe schließen' }).click();
  expect(inAddress()).toBeNull();
  await page.goBack();
  await page.getByRole('region', { name: 'Wiedergabe' }).waitFor();
  expect(page.problems).toEqual([]);
});

test('opens the recording again when somebody signs in after the session has ended', async () => {
  await playButton(CUSTOMER).click();
  await waitUntilPlayed(page, 0);
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await page.getByText('Your session has ended').waitFor();
  await page.getByLabel('Link token').fill(archive.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await player().getByRole('heading', { name: CUSTOMER }).waitFor();
  expect((await playerOf(page)).paused).toBe(true);
});

test('does not lose the focus when going back closes the player', async () => {
  await playButton(CUSTOMER).click();
  await player().getByRole('button', { name: 'Pause' }).focus();
  await page.goBack();
  await expect.poll(() => player().count()).toBe(0);
  await waitForFocus(page, 'className', 'row-button');
});

test('says so if the address names a recording that does not exist, until something else is searched', async () => {
  await page.goto(`${archive.host.url}/?open=${PBX_ID}/never.wav`);
  await page.getByText('There is no such recording').waitFor();
  await find(page, '1001');
  await expect.poll(() => rows().count()).toBe(1);
  expect(await page.getByText('There is no such recording').count()).toBe(0);
  expect(new URL(page.url()).searchParams.has('open')).toBe(false);
});

test('saves the recording', async () => {
  await playButton(CUSTOMER).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    player().getByRole('button', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.wav$/);
  expect(readFileSync(await download.path())).toEqual(calls[0]?.bytes);
});
