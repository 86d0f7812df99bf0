import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SimulatedCall } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { NARROW, WIDE } from './accessibility.ts';
import { type Archive, CUSTOMER, makeTone, PBX_ID, startArchive } from './archive.ts';
import {
  launchBrowser,
  notePlaying,
  type OpenedPage,
  openPage,
  playerOf,
  waitForFocus,
  waitUntilPlayed,
} from './browser.ts';
import { signIn } from './sign-in.ts';

const gsm = readFileSync(new URL('../functions/archive-page/gsm/fixtures/speech.wav', import.meta.url));
const LONG_SECONDS = 1500;

let archive: Archive;
let browser: Browser;
let page: OpenedPage;
let calls: SimulatedCall[];

beforeAll(async () => {
  [archive, browser] = await Promise.all([startArchive(), launchBrowser()]);
  calls = await archive.call(
    { from: CUSTOMER, to: '1000', type: 'Inbound', talkSeconds: 20 },
    { from: '1001', to: '1003', type: 'Internal', talkSeconds: 4 },
    { from: '1002', to: '030 555111', type: 'Outbound', talkSeconds: 4, recording: gsm },
    {
      from: '1004',
      to: '1005',
      type: 'Internal',
      talkSeconds: LONG_SECONDS,
      recording: makeTone(LONG_SECONDS),
    },
  );
});
afterAll(async () => {
  await browser?.close();
  await archive?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  page = await openPage(browser);
  await signIn(page, archive);
});

const rows = () => page.locator('.recordings tbody tr:not(.day)');
const playButton = (call: string) => page.getByRole('button', { name: new RegExp(`^Play: .*${call}`) });
const player = () => page.getByRole('region', { name: 'Player' });
const find = async (number: string) => {
  await page.getByLabel('Number or call ID').fill(number);
  await page.keyboard.press('Enter');
};

describe('finding', () => {
  test('shows the calls of the last days, newest first, in the time of the PBX', async () => {
    await expect.poll(() => rows().count()).toBe(4);
    await expect
      .poll(() => page.getByRole('heading', { level: 2 }).first().textContent())
      .toBe('4 recordings');
    const { recordings } = await archive.ask<{ recordings: { at: string }[] }>('/api/recordings');
    const times = recordings.map(({ at }) =>
      new Date(at).toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin' }),
    );
    expect(await page.locator('.recordings time').allTextContents()).toEqual(times);
    expect(page.problems).toEqual([]);
  });

  test.each(['030 90 18 20', '+4930901820', '0049 (0)30/901820'])(
    'finds a number typed as %s',
    async (typed) => {
      await find(typed);
      await expect.poll(() => rows().count()).toBe(1);
      expect(await rows().first().locator('.cell-from').textContent()).toBe(CUSTOMER);
      expect(new URL(page.url()).searchParams.get('number')).toBe(typed);
      // Focus stays where it was.
      await waitForFocus(page, 'type', 'search');
      expect(await page.getByRole('status').allTextContents()).toContainEqual(
        expect.stringMatching(/^1 recording\. Searched everything back to /),
      );
    },
  );

  test('finds one of several numbers, and a call by its id', async () => {
    await find('1001, 1005');
    await expect.poll(() => rows().count()).toBe(2);
    await find(calls[0]?.callId ?? '');
    await expect.poll(() => rows().count()).toBe(1);
    expect(await rows().first().locator('.cell-from').textContent()).toBe(CUSTOMER);
  });

  test('keeps the filters in the address, for reloading and going back', async () => {
    await page.getByLabel('Direction').selectOption('Internal');
    await expect.poll(() => rows().count()).toBe(2);
    await page.getByLabel('At least').selectOption('10 minutes');
    await expect.poll(() => rows().count()).toBe(1);
    await page.reload();
    await expect.poll(() => rows().count()).toBe(1);
    expect(await page.getByLabel('Direction').inputValue()).toBe('internal');
    await page.goBack();
    await expect.poll(() => rows().count()).toBe(2);
    await page.getByRole('button', { name: 'Clear' }).click();
    await expect.poll(() => rows().count()).toBe(4);
  });

  test('says how far back it has looked if there is nothing, and looks further back', async () => {
    await find('0800 123456');
    await page.getByText('No recording found', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Search the last twelve months' }).click();
    await expect.poll(() => new URL(page.url()).searchParams.has('from')).toBe(true);
    await page.getByText('No recording found', { exact: true }).waitFor();
    // The button that was pressed is gone.
    await waitForFocus(page, 'id', 'results');
    expect(page.problems).toEqual([]);
  });

  test('looks further back where it has found nothing so far, and keeps the focus when that is everything', async () => {
    let isEverything = false;
    await page.route(/\/api\/recordings\?/, (route) =>
      route.fulfill({ json: { recordings: [], ...(!isEverything && { cursor: 'further' }) } }),
    );
    await page.getByLabel('At least').selectOption('10 seconds');
    const further = page.getByRole('button', { name: 'Search further back' });
    await further.waitFor();
    isEverything = true;
    await further.click();
    await waitForFocus(page, 'id', 'results');
    expect(await further.count()).toBe(0);
  });

  test('says below what it has found how far back it has looked, and looks further back', async () => {
    await page.route(/\/api\/recordings\?/, async (route) => {
      const found = await (await route.fetch()).json();
      await route.fulfill({ json: { ...found, searchedBackTo: '2026-03-15T12:00:00.000Z' } });
    });
    await find('1001');
    const results = page.getByRole('region', { name: '1 recording', exact: true });
    const backTo = results.getByText('Searched everything back to 15 March 2026.');
    await backTo.waitFor();
    expect(await page.getByRole('status').allTextContents()).toContain(
      '1 recording. Searched everything back to 15 March 2026.',
    );
    const year = results.getByRole('button', { name: 'Search the last twelve months' });
    await year.click();
    // The period of the form says it now.
    await backTo.waitFor({ state: 'detached' });
    await results.waitFor();
    expect(await year.count()).toBe(0);
    expect(await page.getByRole('button', { name: '12 months' }).getAttribute('aria-pressed')).toBe('true');
    await waitForFocus(page, 'id', 'results');
    // With a last day alone, the form does not.
    await page.getByLabel('From', { exact: true }).fill('');
    await page.getByLabel('To', { exact: true }).focus();
    await backTo.waitFor();
    expect(await year.count()).toBe(0);
    // A call id is looked for at all times.
    await page.getByRole('button', { name: 'Clear' }).click();
    await find(calls[1]?.callId ?? '');
    await page.getByRole('status').getByText('1 recording', { exact: true }).waitFor();
    expect(await backTo.count()).toBe(0);
    expect(await year.count()).toBe(0);
  });

  test('says what was searched, and gives advice about what was asked', async () => {
    const advice = async () => ((await page.locator('.empty p').textContent()) ?? '').trim();
    await page.getByRole('button', { name: 'Yesterday' }).click();
    const nothing = 'Searched only the period that you chose. Search a longer period, or use fewer filters.';
    await expect.poll(advice).toBe(nothing);
    expect(await page.getByRole('status').allTextContents()).toContain(
      'No recording found. Searched only the period that you chose.',
    );
    await page.getByRole('button', { name: 'Clear' }).first().click();
    await find('90182');
    await expect.poll(advice).toMatch(/^Searched everything back to .*Fewer than 6 digits find only/);
  });

  test('advises no longer period for a call id, which is looked for on all days', async () => {
    await find('1505352445.265');
    await page.getByRole('heading', { name: 'No recording found' }).waitFor();
    const advice = (await page.locator('.empty').textContent()) ?? '';
    expect(advice.trim()).toBe('Check the call ID. Without a period, all days are searched.');
  });

  test('says how far back it has looked if a filter leaves little, and nothing more is found', async () => {
    const { recordings } = await archive.ask<{ recordings: object[] }>('/api/recordings?limit=1');
    await page.route(/\/api\/recordings\?/, (route) => {
      const isFirst = !new URL(route.request().url()).searchParams.has('cursor');
      const json = isFirst
        ? { recordings, searchedBackTo: '2026-03-15T12:00:00.000Z', cursor: 'first' }
        : { recordings: [], searchedBackTo: '2026-01-15T12:00:00.000Z', cursor: 'later' };
      return route.fulfill({ json });
    });
    const results = page.getByRole('region', { name: 'The newest recording', exact: true });
    await page.getByLabel('At least').selectOption('10 seconds');
    await results.getByText('Searched everything back to 15 March 2026.').waitFor();
    await results.getByRole('button', { name: 'Show more' }).click();
    await results.getByText('Searched everything back to 15 January 2026.').waitFor();
    await expect
      .poll(() => page.getByRole('status').allTextContents())
      .toContain('The newest recording. Searched everything back to 15 January 2026.');
  });

  test('begins anew after a cursor that the API refuses', async () => {
    await page.route(/\/api\/recordings\?/, async (route) => {
      const isFirst = !new URL(route.request().url()).searchParams.has('cursor');
      if (!isFirst) return route.continue();
      const found = await (await route.fetch()).json();
      await route.fulfill({ json: { ...found, cursor: 'of-another-key' } });
    });
    await find('1001');
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByRole('alert').getByText('The search cannot be continued.').waitFor();
    await waitForFocus(page, 'textContent', 'Try again');
    await page.unroute(/\/api\/recordings\?/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect
      .poll(() => page.getByRole('heading', { level: 2 }).first().textContent())
      .toBe('1 recording');
    // The button that was pressed is gone. From here, Tab goes to the first row.
    await waitForFocus(page, 'id', 'results');
    expect(await rows().count()).toBe(1);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('shows the time zone of each call if those of the PBXs differ', async () => {
    expect(await rows().first().locator('.cell-time').textContent()).toMatch(/^\d\d:\d\d:\d\d$/);
    await page.route('**/api/me', async (route) => {
      const me = await (await route.fetch()).json();
      await route.fulfill({ json: { ...me, pbxs: [...me.pbxs, { id: 'branch', timeZone: 'Asia/Tokyo' }] } });
    });
    await page.reload();
    expect(await rows().first().locator('.cell-time').textContent()).toMatch(/^\d\d:\d\d:\d\d CES?T$/);
  });

  test('on a telephone, names the time zone with each day, because the heads of the columns are not shown', async () => {
    const day = page.locator('.recordings .day');
    const inSight = () => day.first().innerText();
    await day.first().waitFor();
    expect(await inSight()).toMatch(/^Today, \w+day \d+ \w+$/);
    await page.setViewportSize(NARROW);
    expect(await inSight()).toMatch(/^Today, \w+day \d+ \w+\s+CES?T$/);
    // The line of the table is there already, and has round corners.
    expect(await page.evaluate("getComputedStyle(document.querySelector('.day th')).borderTopWidth")).toBe(
      '0px',
    );
    await page.setViewportSize(WIDE);
    expect(await inSight()).toMatch(/^Today, \w+day \d+ \w+$/);
  });

  test('says for each PBX up to when the archive was compared with it', async () => {
    const line = page.getByRole('region', { name: 'How complete the archive is' });
    await line.getByText('head-office not yet compared with the PBX').waitFor();
    await archive.host.reconcile({ hours: 1 });
    const { pbxs } = await archive.ask<{ pbxs: { completeUpTo: string }[] }>('/api/me');
    const time = new Date(pbxs[0]?.completeUpTo ?? '').toLocaleTimeString('en-GB', {
      timeZone: 'Europe/Berlin',
      hour: '2-digit',
      minute: '2-digit',
    });
    await page.reload();
    // Not that nothing is missing: what was compared may still be on its way, and later calls are there already.
    await line.getByText(new RegExp(`head-office compared with the PBX up to .*${time}`)).waitFor();
  });

  test.each([
    [
      'en-GB',
      '1 of 4 PBXs are connected, 2 not known',
      'connection to the PBX not known',
      'It is not known whether the 4 PBXs are connected',
      /^rom no connection to the PBX since (.*, )?\d\d:\d\d\sUTC: new calls arrive later, not yet compared/,
      /^4 of 4 PBXs are connected, all compared up to (.*, )?\d\d:\d\d\sUTC$/,
    ],
    [
      'de-DE',
      '1 von 4 Anlagen sind verbunden, von 2 ist es nicht bekannt',
      'Verbindung zur Anlage nicht bekannt',
      'Ob die 4 Anlagen verbunden sind, ist nicht bekannt',
      /^rom keine Verbindung zur Anlage seit (.*, )?\d\d:\d\d\sUTC: neue Anrufe kommen später, noch nicht mit/,
      /^4 von 4 Anlagen sind verbunden, alle abgeglichen bis (.*, )?\d\d:\d\d\sUTC$/,
    ],
  ])('counts a PBX as connected only if its session was up lately: %s', async (...texts) => {
    const [locale, some, one, none, down, all] = texts;
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    // pbx-session runs every ten minutes.
    const sessions = {
      berlin: { sessionUpAt: minutesAgo(15) },
      hamburg: { sessionUpAt: minutesAgo(25) },
      rom: { sessionUpAt: minutesAgo(90), sessionDownSince: minutesAgo(80) },
      wien: {},
    };
    const showStatus = (status: object) =>
      page.route('**/api/me', async (route) => {
        const response = await route.fetch();
        const pbxs = Object.entries(status).map(([id, session]) => ({ id, timeZone: 'UTC', ...session }));
        await route.fulfill({ response, json: { ...(await response.json()), pbxs } });
      });
    const cookies = await page.context().cookies();
    page = await openPage(browser, { locale });
    await page.context().addCookies(cookies);
    await showStatus(sessions);
    await page.goto(archive.host.url);
    // Which one is down is said without a click.
    const opened = page.getByText(some, { exact: true });
    await opened.waitFor();
    expect(await page.locator('.pbx-list li:visible').allTextContents()).toEqual([
      expect.stringMatching(down),
    ]);
    await opened.click();
    expect(
      await page.getByRole('listitem').filter({ hasText: one }).locator('strong').allTextContents(),
    ).toEqual(['hamburg', 'wien']);

    await showStatus({ berlin: {}, hamburg: {}, rom: {}, wien: {} });
    await page.reload();
    await page.getByText(none, { exact: true }).waitFor();

    const isUp = { sessionUpAt: minutesAgo(5), completeUpTo: minutesAgo(10) };
    await showStatus({
      berlin: isUp,
      hamburg: { ...isUp, completeUpTo: minutesAgo(90) },
      rom: isUp,
      wien: isUp,
    });
    await page.reload();
    await page.getByText(all).waitFor();
  });

  test('is in German for those who read it', async () => {
    const german = await openPage(browser, { locale: 'de-DE' });
    await german.goto(archive.host.url);
    await german.getByRole('heading', { name: 'Anmelden' }).waitFor();
    expect(await german.evaluate('document.documentElement.lang')).toBe('de');
    await german.getByLabel('Sprache').selectOption('English');
    await german.getByRole('heading', { name: 'Sign in' }).waitFor();
    await german.reload();
    await german.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('says in German what the archive does not accept', async () => {
    const german = await openPage(browser, { locale: 'de-DE' });
    const { url } = archive.host;
    await german.goto(`${url}/?number=1,2,3,4,5,6`);
    await german.getByLabel('Link-Token').fill(archive.token);
    await german.getByRole('button', { name: 'Anmelden' }).click();
    const problem = german.getByRole('alert').filter({ hasText: 'Die Suche ist fehlgeschlagen.' });
    await problem.getByText('Das sind zu viele Rufnummern').waitFor();
    // Addresses that somebody has written.
    await german.goto(`${url}/?to=2026-02-30`);
    await problem.getByText('Dieser Zeitraum ist nicht gültig.').waitFor();
    await german.goto(`${url}/?direction=sideways`);
    await problem.getByText('Das Archiv hat diese Anfrage nicht angenommen.').waitFor();
    expect(await problem.textContent()).not.toContain('should');
  });
});

test('the result of a call and the state of its recording are said in the language of the page', async () => {
  await page.route(/\/api\/recordings\?/, async (route) => {
    const found = await (await route.fetch()).json();
    const results = ['NO ANSWER', 'Busy', 'ABANDONED'];
    const recordings = results.map((status, index) => ({
      ...found.recordings[index],
      status,
      state: 'lost',
    }));
    await route.fulfill({ json: { ...found, recordings } });
  });
  await page.reload();
  await page.getByLabel('Language').selectOption('Deutsch');
  const opened = page.getByRole('region', { name: 'Wiedergabe' });
  const details = opened.locator('dl');
  for (const [index, text] of ['Nicht angenommen', 'Besetzt', 'ABANDONED'].entries()) {
    await rows().nth(index).getByRole('button').click();
    await details.getByText(text, { exact: true }).waitFor();
  }

  // Nobody knows why the PBX does not have them. It also says so while its storage is away.
  const short = rows().first().locator('.cell-state small');
  expect(await short.textContent()).toBe('an der Anlage nicht mehr vorhanden');
  await opened
    .getByText('Falls sie dort wieder auftaucht, kann Ihr Administrator sie holen lassen.')
    .waitFor();
  await page.getByLabel('Sprache').selectOption('English');
  await expect.poll(() => short.textContent()).toBe('the PBX no longer had it');
  await player().getByText('If it turns up there again, your administrator can have it fetched.').waitFor();
});

describe('listening', () => {
  test('plays, pauses, seeks, and changes speed and volume', async () => {
    await playButton(CUSTOMER.replace('+', '\\+')).click();
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
    await find('030 555111');
    await expect.poll(() => rows().count()).toBe(1);
    expect(await rows().first().locator('.cell-format').textContent()).toBe(
      'GSM plays through the page’s own decoder',
    );
    expect(
      await page.evaluate('document.createElement("audio").canPlayType(\'audio/wav; codecs="49"\')'),
    ).toBe('');
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
    const problem =
      'The archive did not provide this recording. The archive is not responding at the moment.';
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
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
    await playButton(CUSTOMER.replace('+', '\\+')).click();
    await player().getByRole('button', { name: 'Pause' }).focus();
    await page.goBack();
    await expect.poll(() => player().count()).toBe(0);
    await waitForFocus(page, 'className', 'row-button');
  });

  test('says so if the address names a recording that does not exist, until something else is searched', async () => {
    await page.goto(`${archive.host.url}/?open=${PBX_ID}/never.wav`);
    await page.getByText('There is no such recording').waitFor();
    await find('1001');
    await expect.poll(() => rows().count()).toBe(1);
    expect(await page.getByText('There is no such recording').count()).toBe(0);
    expect(new URL(page.url()).searchParams.has('open')).toBe(false);
  });

  test('saves the recording', async () => {
    await playButton(CUSTOMER.replace('+', '\\+')).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      player().getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.wav$/);
    expect(readFileSync(await download.path())).toEqual(calls[0]?.bytes);
  });
});

describe('with the keyboard alone', () => {
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
});
