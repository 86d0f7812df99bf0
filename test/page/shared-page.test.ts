import type { BrowserContextOptions, Page, Route } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SimulatedCall } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { dataChunk, formatChunk, wavOf } from '../functions/archive-page/gsm/wav-files.ts';
import { CUSTOMER, makeTone } from './archive.ts';
import { notePlaying, playerOf, waitUntilPlayed } from './browser.ts';
import { createShare, openButton, refuseToOpen, shareByApi, visit as visitWith } from './share.ts';
import { archive, browser, calls, useArchive } from './use-archive.ts';

const LONG_SECONDS = 1500;
/** More than a presigned URL is valid. */
const LATER_MS = 16 * 60_000;

/** G.726, which no browser plays. */
const unplayable = wavOf([
  formatChunk({ tag: 0x45, bits: 4, blockBytes: 1 }),
  dataChunk(Buffer.alloc(16_000, 0x5a)),
]);

let long: SimulatedCall | undefined;
let unknown: SimulatedCall | undefined;

useArchive(
  { from: CUSTOMER, to: '2000', talkSeconds: LONG_SECONDS, recording: makeTone(LONG_SECONDS) },
  { from: CUSTOMER, to: '3000', talkSeconds: 4, recording: unplayable },
);
beforeAll(() => {
  [long, unknown] = calls;
});

const visit = (link: string, options?: BrowserContextOptions) => visitWith(browser, link, options);
const share = (call: SimulatedCall | undefined, options?: object) => shareByApi(archive, call, options);

describe('the page of a link for others', () => {
  test('gives way to another one that is pasted into the same tab', async () => {
    const [first, second] = [await share(long), await share(unknown)];
    const visitor = await visit(first);
    await visitor.getByLabel('Passcode').fill('of the first');
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
    await visitor.clock.setFixedTime(Date.now() + LATER_MS);
    await refuseToOpen(visitor);
    await visitor.getByRole('link', { name: 'Download' }).click();
    await visitor.getByRole('button', { name: 'Open again' }).waitFor();

    await visitor.unroute('**/api/shares/open');
    await visitor.clock.setFixedTime(Date.now());
    await visitor.goto(second);
    await openButton(visitor).waitFor();
    expect(await visitor.getByLabel('Passcode').inputValue()).toBe('');
    expect(await playerOf(visitor)).toMatchObject({ paused: true });
    const [request] = await Promise.all([
      visitor.waitForRequest(/\/api\/shares\/open$/),
      openButton(visitor).click(),
    ]);
    expect(request.postDataJSON()).toEqual({ token: second.split('#')[1] });
    await visitor.getByText('This browser cannot play this format').waitFor();
  });

  test('is not opened by a response that comes after another one is in the address', async () => {
    const [first, second] = [await share(long), await share(unknown)];
    const { promise: isLate, resolve: deliver } = Promise.withResolvers<void>();
    const visitor = await visit(first);
    await visitor.route('**/api/shares/open', async (route) => {
      const response = await route.fetch();
      await isLate;
      await route.fulfill({ response });
    });
    await openButton(visitor).click();
    await visitor.goto(second);
    const arrived = visitor.waitForEvent('requestfinished');
    deliver();
    await arrived;
    await openButton(visitor).click();
    await visitor.getByText('This browser cannot play this format').waitFor();
    expect(await visitor.evaluate('players.map((player) => player.hasAttribute("src"))')).toEqual([
      false,
      true,
    ]);
  });

  test.each([
    ['nothing of it', 0],
    ['one character less', 42],
  ])('needs its whole token, and not %s', async (_, length) => {
    const [address = '', token = ''] = (await share(long)).split('#');
    const visitor = await visit(`${address}#${token.slice(0, length)}`);
    await visitor.getByText('This address is incomplete').waitFor();
    expect(await openButton(visitor).count()).toBe(0);
  });

  test('opens although a full stop follows its address', async () => {
    const visitor = await visit(`${await share(long)}.`);
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
  });
});

describe('who has opened a link', () => {
  /** In the zone of the PBX, which is not that of the visitor's browser. */
  const inBerlin = (at: string, locale: string, options: Intl.DateTimeFormatOptions) =>
    new Date(at).toLocaleString(locale, { timeZone: 'Europe/Berlin', ...options });
  /** Browsers differ in the commas of a date. */
  const plain = (text: string | null) => text?.replaceAll(',', '').replace('\u00A0', ' ');

  test.each([
    [undefined, 'Until then, it can be opened as often as you like.'],
    [3, 'It can be opened 2 more times.'],
    [2, 'It can be opened one more time.'],
    [1, 'It cannot be opened again after this: keep this page open until you have finished listening.'],
  ])('sees until when it is valid, and what is left of %s openings', async (maxPlays, left) => {
    const { url, endsAt } = await createShare(archive, long, { days: 3, maxPlays });
    const visitor = await visit(url);
    await openButton(visitor).click();
    const sentences = visitor.getByRole('main').getByText('The link is valid until');
    const day = inBerlin(endsAt, 'en-GB', { dateStyle: 'full' });
    const time = inBerlin(endsAt, 'en-GB', { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });
    const expected = `The link is valid until ${day} at ${time}. ${left}`;
    expect(plain(await sentences.textContent())).toBe(plain(expected));
    // The focus is on the player by then.
    await expect.poll(() => visitor.getByRole('status').last().textContent()).toContain(left);
    expect(visitor.problems).toEqual([]);
  });

  test.each([
    [undefined, 'Bis dahin lässt er sich beliebig oft öffnen.'],
    [3, 'Er lässt sich noch 2-mal öffnen.'],
    [2, 'Er lässt sich noch genau einmal öffnen.'],
    [
      1,
      'Er lässt sich danach nicht mehr öffnen: Lassen Sie diese Seite offen, bis Sie zu Ende gehört haben.',
    ],
  ])('in Germany sees in German what is left of %s openings', async (maxPlays, left) => {
    const { url, endsAt } = await createShare(archive, long, { maxPlays });
    const visitor = await visit(url, { locale: 'de-DE' });
    await visitor.getByRole('button', { name: 'Aufnahme öffnen' }).click();
    const sentences = visitor.getByRole('main').getByText('Der Link gilt bis');
    const day = inBerlin(endsAt, 'de-DE', { dateStyle: 'full' });
    const time = inBerlin(endsAt, 'de-DE', { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });
    const expected = `Der Link gilt bis ${day} um ${time}. ${left}`;
    expect(plain(await sentences.textContent())).toBe(plain(expected));
  });
});

describe('a link for others that has been open for longer than its presigned URL is valid', () => {
  const tooLong = (visitor: Page) => visitor.getByText('This recording has been open for too long');

  test('goes on at the same second, and can be opened once all the same', async () => {
    const visitor = await visit(await share(long, { maxPlays: 1 }));
    const asked: string[] = [];
    let expired = '';
    visitor.on('request', (request) => {
      if (request.url().endsWith('/api/shares/open')) asked.push(...Object.keys(request.postDataJSON()));
      else if (request.url().includes('X-Amz-Signature')) expired ||= request.url();
    });
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0.1);
    await visitor.clock.setFixedTime(Date.now() + LATER_MS);
    // What S3 answers then. A link that is made within the same second is the same.
    await visitor.route(
      (url) => url.href === expired && !asked.includes('continuation'),
      (route) => route.fulfill({ status: 403, contentType: 'application/xml', body: '<Error/>' }),
    );
    await visitor.getByRole('slider', { name: 'Position' }).fill('1400');
    await waitUntilPlayed(visitor, 1400);
    expect((await playerOf(visitor)).seconds).toBeLessThan(1410);
    expect(asked).toEqual(expect.arrayContaining(['token', 'continuation']));
    expect(await visitor.getByRole('button', { name: 'Open again' }).count()).toBe(0);
    expect(visitor.problems).toEqual([]);
  });

  test('plays on at the same second after a pause, with one new link, which is not another play', async () => {
    const visitor = await visit(await share(long, { maxPlays: 1 }));
    const asked: string[][] = [];
    visitor.on('request', (request) => {
      if (request.url().endsWith('/api/shares/open')) asked.push(Object.keys(request.postDataJSON()));
    });
    await openButton(visitor).click();
    await visitor.getByRole('slider', { name: 'Position' }).fill('700');
    await waitUntilPlayed(visitor, 701);
    await visitor.getByRole('button', { name: 'Pause' }).click();
    const { seconds } = await playerOf(visitor);
    await visitor.clock.setFixedTime(Date.now() + LATER_MS);
    const noted = await notePlaying(visitor);
    await visitor.getByRole('button', { name: 'Play', exact: true }).click();
    expect(Math.abs((await noted('began')).began - seconds)).toBeLessThan(2);
    await waitUntilPlayed(visitor, seconds + 1);
    await noted('began');
    expect(asked).toEqual([['token'], ['token', 'continuation']]);
    expect(visitor.problems).toEqual([]);
  });

  test('says what to do if there is no other, and is opened again at the same second', async () => {
    const visitor = await visit(await share(long));
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0.1);
    await visitor.clock.setFixedTime(Date.now() + LATER_MS);
    await refuseToOpen(visitor);
    await visitor.getByRole('slider', { name: 'Position' }).fill('1400');
    await tooLong(visitor).waitFor();
    // The archive's clock has not moved.
    await visitor.clock.setFixedTime(Date.now());
    await visitor.unroute('**/api/shares/open');
    await visitor.getByRole('button', { name: 'Open again' }).click();
    await waitUntilPlayed(visitor, 1400);
    expect((await playerOf(visitor)).seconds).toBeLessThan(1410);
    expect(await visitor.getByRole('button', { name: 'Open again' }).count()).toBe(0);
    expect(visitor.problems).toEqual([]);
  });

  test('saves the file, and does not lead to an error of S3 instead', async () => {
    const visitor = await visit(await share(long));
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
    await visitor.clock.setFixedTime(Date.now() + LATER_MS);
    const [download] = await Promise.all([
      visitor.waitForEvent('download'),
      visitor.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(await download.failure()).toBeNull();

    await visitor.clock.setFixedTime(Date.now() + 2 * LATER_MS);
    await refuseToOpen(visitor);
    await visitor.getByRole('link', { name: 'Download' }).click();
    await tooLong(visitor).waitFor();
    await visitor.unroute('**/api/shares/open');
    await visitor.clock.setFixedTime(Date.now());
    await visitor.getByRole('button', { name: 'Open again' }).click();
    await expect.poll(() => tooLong(visitor).count()).toBe(0);
    expect(visitor.url()).toContain('/s#');
  });

  test.each<[string, string, (route: Route) => Promise<void>]>([
    ['there is no connection', 'No connection', (route) => route.abort()],
    ['it is asked too often', 'Too many requests', (route) => route.fulfill({ status: 429, json: {} })],
    ['it does not respond', 'not responding', (route) => route.fulfill({ status: 503, json: {} })],
  ])('is not over because %s: it can still be saved, though it opens only once', async (_, text, fail) => {
    const visitor = await visit(await share(long, { maxPlays: 1 }));
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
    await visitor.clock.setFixedTime(Date.now() + LATER_MS);
    await visitor.route('**/api/shares/open', fail);
    await visitor.getByRole('link', { name: 'Download' }).click();
    await visitor.getByRole('alert').getByText(text).waitFor();
    expect(await visitor.getByRole('button', { name: 'Open again' }).count()).toBe(0);

    await visitor.unroute('**/api/shares/open');
    const [download] = await Promise.all([
      visitor.waitForEvent('download'),
      visitor.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(await download.failure()).toBeNull();
    await expect.poll(() => visitor.getByRole('alert').textContent()).toBe('');
  });

  test('need not be opened again when the player gets another link after all', async () => {
    const visitor = await visit(await share(long));
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
    await visitor.clock.setFixedTime(Date.now() + LATER_MS);
    await refuseToOpen(visitor);
    await visitor.getByRole('link', { name: 'Download' }).click();
    await visitor.getByRole('button', { name: 'Open again' }).waitFor();
    await visitor.unroute('**/api/shares/open');
    await visitor.getByRole('slider', { name: 'Position' }).fill('1400');
    await waitUntilPlayed(visitor, 1400);
    expect(await visitor.getByRole('button', { name: 'Open again' }).count()).toBe(0);
    expect(await tooLong(visitor).count()).toBe(0);
  });
});

describe('when the archive gives no other link', () => {
  test.each<[string, object, number]>([
    ['has ended', { days: 1 }, 25 * 60 * 60_000],
    ['is used up', { maxPlays: 1 }, LATER_MS],
  ])('to a share that %s, nobody is asked to open it again', async (_, options, laterMs) => {
    const visitor = await visit(await share(long, options));
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
    await visitor.clock.setFixedTime(Date.now() + laterMs);
    await refuseToOpen(visitor);
    const refused = async () =>
      expect
        .poll(() => visitor.getByRole('alert').textContent())
        .toBe('This link can no longer be opened. Ask the person who sent it for another one.');
    await visitor.getByRole('slider', { name: 'Position' }).fill('1400');
    await refused();
    await visitor.getByRole('link', { name: 'Download' }).click();
    await refused();
    expect(await visitor.getByRole('button', { name: 'Open again' }).count()).toBe(0);
    expect(visitor.problems).toEqual([]);
  });
});

describe('on a device whose clock is wrong', () => {
  const HOUR_MS = 60 * 60_000;

  /** A link that has been opened, and how often the archive has been asked for one. */
  async function openAt(time: number) {
    const visitor = await visit(await share(long));
    const asked: string[][] = [];
    visitor.on('request', (request) => {
      if (request.url().endsWith('/api/shares/open')) asked.push(Object.keys(request.postDataJSON()));
    });
    await visitor.clock.setFixedTime(time);
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
    return { visitor, asked };
  }

  test('by an hour too late, the link is not renewed all the time', async () => {
    const { visitor, asked } = await openAt(Date.now() + HOUR_MS);
    await visitor.getByRole('button', { name: 'Pause' }).click();
    await visitor.getByRole('button', { name: 'Play' }).click();
    await visitor.getByRole('slider', { name: 'Position' }).fill('1200');
    await waitUntilPlayed(visitor, 1200);
    expect(asked).toEqual([['token']]);
  });

  test('by an hour too early, saving the file does not lead to an error of S3', async () => {
    const opened = Date.now() - HOUR_MS;
    const { visitor, asked } = await openAt(opened);
    await visitor.clock.setFixedTime(opened + LATER_MS);
    const [download] = await Promise.all([
      visitor.waitForEvent('download'),
      visitor.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(await download.failure()).toBeNull();
    expect(asked).toEqual([['token'], ['token', 'continuation']]);
  });
});

describe('a reload', () => {
  const PASSCODE = 'over the phone';

  /** A link that works once, opened and played in the middle. */
  async function openOnce() {
    const visitor = await visit(await share(long, { maxPlays: 1, passcode: PASSCODE }));
    await visitor.getByLabel('Passcode').fill(PASSCODE);
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
    await visitor.getByRole('slider', { name: 'Position' }).fill('1200');
    await waitUntilPlayed(visitor, 1200);
    return visitor;
  }

  const goesOn = async (visitor: Page) => {
    await visitor.getByRole('button', { name: 'Play' }).click();
    await waitUntilPlayed(visitor, 1200);
  };

  test('is not another opening: the player is where it was, and no passcode is needed', async () => {
    const visitor = await openOnce();
    await visitor.reload();
    await visitor.getByText('It cannot be opened again after this').waitFor();
    expect(await openButton(visitor).count()).toBe(0);
    await goesOn(visitor);
    await visitor.reload();
    await goesOn(visitor);
    expect(visitor.problems).toEqual([]);
  });

  test('without a connection is not another opening either', async () => {
    const visitor = await openOnce();
    await visitor.route('**/api/shares/open', (route) => route.abort());
    await visitor.reload();
    await visitor.getByRole('alert').getByText('No connection').waitFor();
    await visitor.unroute('**/api/shares/open');
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 1200);
    expect(await visitor.getByRole('alert').textContent()).toBe('');
  });

  test('after the opening is over asks to open the link, and that is another one', async () => {
    const visitor = await visit(await share(long));
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0);
    await refuseToOpen(visitor);
    await visitor.reload();
    await openButton(visitor).waitFor();
    await visitor.unroute('**/api/shares/open');
    const [request] = await Promise.all([
      visitor.waitForRequest(/\/api\/shares\/open$/),
      openButton(visitor).click(),
    ]);
    expect(Object.keys(request.postDataJSON())).toEqual(['token']);
    await waitUntilPlayed(visitor, 0);
  });
});

test('a link for others to a recording that the browser cannot play says so', async () => {
  const visitor = await visit(await share(unknown));
  await openButton(visitor).click();
  await visitor.getByText('This browser cannot play this format').waitFor();
  expect(await visitor.getByRole('button', { name: 'Open again' }).count()).toBe(0);
});
