import { beforeEach, expect, test } from 'vitest';
import { NARROW, WIDE } from './accessibility.ts';
import { CUSTOMER } from './archive.ts';
import { openPage, waitForFocus } from './browser.ts';
import { CALLS, find, playerIn, rowsIn } from './recordings.ts';
import { signIn } from './sign-in.ts';
import { archive, browser, calls, page, reopenPage, useArchive } from './use-archive.ts';

useArchive(...CALLS);
beforeEach(() => signIn(page, archive));

const rows = () => rowsIn(page);
const player = () => playerIn(page);

test('shows the calls of the last days, newest first, in the time of the PBX', async () => {
  await expect.poll(() => rows().count()).toBe(4);
  await expect.poll(() => page.getByRole('heading', { level: 2 }).first().textContent()).toBe('4 recordings');
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
    await find(page, typed);
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
  await find(page, '1001, 1005');
  await expect.poll(() => rows().count()).toBe(2);
  await find(page, calls[0]?.callId ?? '');
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
  await find(page, '0800 123456');
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
  await find(page, '1001');
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
  await find(page, calls[1]?.callId ?? '');
  await page.getByRole('status').getByText('1 recording', { exact: true }).waitFor();
  expect(await backTo.count()).toBe(0);
  expect(await year.count()).toBe(0);
});

test('says what was searched, and gives advice about what was asked', async () => {
  const advice = async () => ((await page.locator('.empty p').textContent()) ?? '').trim();
  // A day long before the calls. Each is searched when it is left.
  for (const label of ['From', 'To']) {
    await page.getByLabel(label, { exact: true }).fill('2026-01-15');
    await page.getByLabel('Number or call ID').focus();
  }
  const nothing = 'Searched only the period that you chose. Search a longer period, or use fewer filters.';
  await expect.poll(advice).toBe(nothing);
  expect(await page.getByRole('status').allTextContents()).toContain(
    'No recording found. Searched only the period that you chose.',
  );
  await page.getByRole('button', { name: 'Clear' }).first().click();
  await find(page, '90182');
  await expect.poll(advice).toMatch(/^Searched everything back to .*Fewer than 6 digits find only/);
});

test('advises no longer period for a call id, which is looked for on all days', async () => {
  await find(page, '1505352445.265');
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
  await find(page, '1001');
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('alert').getByText('The search cannot be continued.').waitFor();
  await waitForFocus(page, 'textContent', 'Try again');
  await page.unroute(/\/api\/recordings\?/);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => page.getByRole('heading', { level: 2 }).first().textContent()).toBe('1 recording');
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
  // Shortly after midnight, the calls are yesterday's.
  await day.first().waitFor();
  expect(await inSight()).toMatch(/^(?:Today|Yesterday), \w+day \d+ \w+$/);
  await page.setViewportSize(NARROW);
  expect(await inSight()).toMatch(/^(?:Today|Yesterday), \w+day \d+ \w+\s+CES?T$/);
  // The line of the table is there already, and has round corners.
  expect(await page.evaluate("getComputedStyle(document.querySelector('.day th')).borderTopWidth")).toBe(
    '0px',
  );
  await page.setViewportSize(WIDE);
  expect(await inSight()).toMatch(/^(?:Today|Yesterday), \w+day \d+ \w+$/);
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
  await reopenPage({ locale });
  await page.context().addCookies(cookies);
  await showStatus(sessions);
  await page.goto(archive.host.url);
  // Which one is down is said without a click.
  const opened = page.getByText(some, { exact: true });
  await opened.waitFor();
  expect(await page.locator('.pbx-list li:visible').allTextContents()).toEqual([expect.stringMatching(down)]);
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
