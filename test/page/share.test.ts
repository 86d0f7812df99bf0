import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SimulatedCall } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { maxLengthOf } from '../openapi/file.ts';
import { NARROW } from './accessibility.ts';
import { CUSTOMER, PBX_ID } from './archive.ts';
import { openPage, playerOf, waitForFocus, waitUntilPlayed } from './browser.ts';
import { openButton, shareByApi, visit as visitWith } from './share.ts';
import { signIn } from './sign-in.ts';
import { archive, browser, calls, page, useArchive } from './use-archive.ts';

let call: SimulatedCall | undefined;
/** Nobody shares it. */
let other: SimulatedCall | undefined;

useArchive(
  { from: CUSTOMER, to: '1000', type: 'Inbound', talkSeconds: 12 },
  { from: CUSTOMER, to: '2000', talkSeconds: 4 },
);
beforeAll(() => {
  [call, other] = calls;
});
beforeEach(async () => {
  await signIn(page, archive);
  await page.getByRole('button', { name: /^Play: .* to 1000/ }).click();
});

const dialog = (from: Page) => from.getByRole('dialog');
const openDialog = async () => {
  await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Link for others' }).click();
  await dialog(page).getByRole('button', { name: 'Create link' }).waitFor();
};

/** Makes a link with the dialog. */
async function share(fields: { passcode?: string; times?: string; download?: boolean; note?: string } = {}) {
  await openDialog();
  const { passcode = '', times, download = false, note = '' } = fields;
  await dialog(page).getByLabel('Passcode').fill(passcode);
  if (times !== undefined) await dialog(page).getByLabel('How often it may be opened').selectOption(times);
  if (download) await dialog(page).getByLabel('Allow downloading').check();
  await dialog(page).getByLabel('Note for yourself').fill(note);
  await dialog(page).getByRole('button', { name: 'Create link' }).click();
  await dialog(page).getByRole('button', { name: 'Copy' }).click();
  await dialog(page).getByText('Copied.').waitFor();
  return page.evaluate<string>('navigator.clipboard.readText()');
}

/** Has the API respond with empty pages, and with something on the twelfth. Returns how many it was asked for. */
async function answerLate(path: RegExp, list: string, item: object): Promise<() => number> {
  let requests = 0;
  await page.route(path, (route) => {
    requests += 1;
    const json = requests === 12 ? { [list]: [item] } : { [list]: [], cursor: `after-${requests}` };
    return route.fulfill({ json });
  });
  return () => requests;
}

const visit = (link: string) => visitWith(browser, link);

describe('a link for others', () => {
  test('opens for somebody who cannot sign in, after a click, and ends when it is revoked', async () => {
    const link = await share({ note: 'for Mr. Meyer' });
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/s#[\w-]{43}$/);

    const visitor = await visit(link);
    const requests: string[] = [];
    visitor.on('request', (request) =>
      requests.push(`${request.method()} ${new URL(request.url()).pathname}`),
    );
    await visitor.reload();
    await openButton(visitor).waitFor();
    expect(requests.filter((request) => request.includes('/api/'))).toEqual([]);
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0.2);
    expect(requests.filter((request) => request.includes('/api/'))).toEqual(['POST /api/shares/open']);
    expect(await visitor.getByRole('link', { name: 'Download' }).count()).toBe(0);
    // It is still in the address, to come back to.
    expect(visitor.url()).toBe(link);
    expect(visitor.problems).toEqual([]);

    await page.keyboard.press('Escape');
    await openDialog();
    const row = dialog(page).getByRole('row', { name: /Meyer/ });
    expect(await row.locator('td').nth(2).textContent()).toBe('1');
    await row.getByRole('button', { name: 'Revoke the link: for Mr. Meyer' }).click();
    await row.getByText('revoked').waitFor();
    // In the dialog: while it is open, a screen reader reads nothing else.
    await expect
      .poll(() => dialog(page).getByRole('status').last().textContent())
      .toBe('The link is revoked. Nobody can open it any more.');

    const late = await visit(link);
    await openButton(late).click();
    await late.getByText('This link cannot be opened').waitFor();
    expect(page.problems).toEqual([]);
  });

  test('asks for a passcode, and says the same whether it is wrong or the link is', async () => {
    const link = await share({ passcode: 'over the phone' });
    const visitor = await visit(link);
    await openButton(visitor).click();
    const refusal = visitor.getByText('This link cannot be opened');
    const text = await refusal.textContent();
    await visitor.getByLabel('Passcode').fill('on the phone');
    await openButton(visitor).click();
    // What is typed next replaces the wrong one.
    await expect
      .poll(() => visitor.evaluate('document.activeElement.selectionEnd'))
      .toBe('on the phone'.length);
    expect(await refusal.textContent()).toBe(text);
    expect(text).toContain('type it again');
    await visitor.keyboard.type('over the phone');
    await visitor.keyboard.press('Enter');
    await waitUntilPlayed(visitor, 0.1);
    const stranger = await visit(`${link.slice(0, -43)}${'A'.repeat(43)}`);
    await openButton(stranger).click();
    expect(await stranger.getByText('This link cannot be opened').textContent()).toBe(text);
  });

  test('opens as often as allowed', async () => {
    const link = await share({ times: 'Once' });
    const first = await visit(link);
    await openButton(first).click();
    await waitUntilPlayed(first, 0.1);
    const second = await visit(link);
    await openButton(second).click();
    await second.getByText('This link cannot be opened').waitFor();
  });

  test('saves the file if that is allowed', async () => {
    const visitor = await visit(await share({ download: true }));
    await openButton(visitor).click();
    const [download] = await Promise.all([
      visitor.waitForEvent('download'),
      visitor.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^recording-\d{4}-\d\d-\d\d-\d{4}\.wav$/);
    expect(
      readFileSync(await download.path())
        .subarray(0, 4)
        .toString(),
    ).toBe('RIFF');
    expect(visitor.url()).toContain('/s#');
  });

  test('is found by who made it and revoked, by somebody with the right audit', async () => {
    const link = await share({ note: 'for Ms. Berg' });
    const auditor = await openPage(browser);
    await signIn(auditor, archive, archive.host.url, 'Ben');
    await auditor.getByRole('navigation').getByRole('button', { name: 'Links for others' }).click();
    await dialog(auditor).getByText('There are none.').waitFor();
    await dialog(auditor).getByLabel('Person').fill('Anna');
    await dialog(auditor).getByRole('button', { name: 'Show', exact: true }).click();
    await dialog(auditor).getByRole('heading', { name: 'Links for others, made by Anna' }).waitFor();
    await expect.poll(() => dialog(auditor).getByRole('status').last().textContent()).toMatch(/^\d+ links?$/);
    await dialog(auditor).getByRole('button', { name: 'Revoke the link: for Ms. Berg' }).click();
    await dialog(auditor).getByRole('row', { name: /Berg/ }).getByText('revoked').waitFor();
    const visitor = await visit(link);
    await openButton(visitor).click();
    await visitor.getByText('This link cannot be opened').waitFor();
    expect(auditor.problems).toEqual([]);
  });

  test('is found and revoked with the right audit, also by somebody who may make none', async () => {
    await share({ note: 'for the auditor' });
    const auditor = await openPage(browser);
    await signIn(auditor, archive, archive.host.url, 'Ben');
    await auditor.route('**/api/me', async (route) => {
      const me = await (await route.fetch()).json();
      await route.fulfill({ json: { ...me, rights: ['listen', 'audit'] } });
    });
    await auditor.reload();
    await auditor.getByRole('button', { name: /^Play: .* to 1000/ }).click();
    const player = auditor.getByRole('region', { name: 'Player' });
    await player.getByRole('button', { name: 'Links for others' }).click();
    const row = dialog(auditor).getByRole('row', { name: /for the auditor/ });
    await row.getByText('active').waitFor();
    expect(await dialog(auditor).getByRole('button', { name: 'Create link' }).count()).toBe(0);
    await auditor.keyboard.press('Escape');

    await auditor.getByRole('navigation').getByRole('button', { name: 'Links for others' }).click();
    await dialog(auditor).getByLabel('Person').fill('Anna');
    await dialog(auditor).getByRole('button', { name: 'Show', exact: true }).click();
    await dialog(auditor).getByRole('button', { name: 'Revoke the link: for the auditor' }).click();
    await row.getByText('revoked').waitFor();
    expect(auditor.problems).toEqual([]);
  });

  test('is listed with the time when it was revoked, not with the one when it would have ended', async () => {
    const share = {
      id: 'a',
      pbx: PBX_ID,
      recording: other?.recording,
      createdBy: 'Anna',
      createdAt: '2026-01-02T08:00:00.000Z',
      revokedAt: '2026-01-03T08:05:00.000Z',
      endsAt: '2026-01-09T08:00:00.000Z',
      hasPasscode: false,
      download: false,
      plays: 0,
    };
    await page.route(/\/api\/shares\?/, (route) => route.fulfill({ json: { shares: [share] } }));
    await page.getByRole('navigation').getByRole('button', { name: 'Links for others' }).click();
    const ends = dialog(page)
      .getByRole('row', { name: /revoked/ })
      .locator('td')
      .nth(2);
    expect(await ends.textContent()).toMatch(/^revoked3 Jan.*, 09:05\sCET$/);
  });

  test('has the focus when the last ones of the list have been added to it', async () => {
    const share = { pbx: PBX_ID, recording: 'a.wav', createdBy: 'Anna', plays: 0 };
    const [createdAt, endsAt] = ['2026-01-02T08:00:00.000Z', '2026-01-09T08:00:00.000Z'];
    await page.route(/\/api\/shares\?/, (route) => {
      const cursor = new URL(route.request().url()).searchParams.get('cursor');
      const shares = [{ ...share, id: cursor ?? 'first', createdAt, endsAt, note: cursor ?? 'first' }];
      return route.fulfill({ json: { shares, ...(cursor === null && { cursor: 'last' }) } });
    });
    await page.getByRole('navigation').getByRole('button', { name: 'Links for others' }).click();
    await dialog(page).getByRole('button', { name: 'Show more' }).press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.rowIndex')).toBe(2);
    expect(await dialog(page).getByRole('button', { name: 'Show more' }).count()).toBe(0);
  });

  test('is listed with the time of the archive when it was revoked, though the clock of the device is wrong', async () => {
    await page.clock.setFixedTime(Date.now() - 5 * 60 * 60_000);
    await share({ note: 'wrong clock' });
    await dialog(page).getByRole('button', { name: 'Revoke the link: wrong clock' }).click();
    const row = dialog(page).getByRole('row', { name: /wrong clock/ });
    await row.getByText('revoked').waitFor();
    const response = await page.request.get(`${archive.host.url}/api/shares?mine=1`);
    const { shares } = (await response.json()) as { shares: { note?: string; revokedAt: string }[] };
    const revokedAt = new Date(shares.find(({ note }) => note === 'wrong clock')?.revokedAt ?? '');
    const time = { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit' } as const;
    expect(await row.locator('td').nth(1).textContent()).toContain(
      revokedAt.toLocaleTimeString('en-GB', time),
    );
  });

  test('is looked for past those that the person may not see, and the list says how far it has come', async () => {
    const now = new Date();
    const requests = await answerLate(/\/api\/shares\?/, 'shares', {
      id: 'a'.repeat(64),
      pbx: PBX_ID,
      recording: 'a.wav',
      createdBy: 'Anna',
      createdAt: now.toISOString(),
      endsAt: new Date(now.getTime() + 3_600_000).toISOString(),
      hasPasscode: false,
      download: false,
      plays: 0,
      note: 'an old one',
    });
    await page.getByRole('navigation').getByRole('button', { name: 'Links for others' }).click();
    await dialog(page).getByText('None found so far. “Show more” searches older ones.').waitFor();
    expect(requests()).toBe(10);
    expect(await dialog(page).getByText('There are none').count()).toBe(0);
    await dialog(page).getByRole('button', { name: 'Show more' }).click();
    await dialog(page).getByText('an old one').waitFor();
    expect(await dialog(page).getByText('None found so far').count()).toBe(0);
  });

  test('is listed as soon as it is made, although the index of a table is behind it', async () => {
    await page.route(/\/api\/shares\?/, (route) => route.fulfill({ json: { shares: [] } }));
    await share({ note: 'just now' });
    await dialog(page).getByRole('button', { name: 'Revoke the link: just now' }).waitFor();
    expect(await dialog(page).getByText('There are none.').count()).toBe(0);
  });

  test('is refused in German if it may not last that long any more', async () => {
    await page.route('**/api/me', async (route) => {
      const me = await (await route.fetch()).json();
      await route.fulfill({ json: { ...me, shares: { ...me.shares, maxDays: 365 } } });
    });
    await page.reload();
    await page.getByLabel('Language').selectOption('Deutsch');
    const player = page.getByRole('region', { name: 'Wiedergabe' });
    await player.getByRole('button', { name: 'Link für andere' }).click();
    await dialog(page).getByLabel('Endet nach').selectOption('365 Tagen');
    await dialog(page).getByRole('button', { name: 'Link erstellen' }).click();
    await expect
      .poll(() => dialog(page).getByRole('alert').first().textContent())
      .toBe(
        'Der Link wurde nicht erstellt. Links dürfen nicht mehr so lange gültig sein. Laden Sie die Seite neu, und wählen Sie eine kürzere Zeit.',
      );
  });

  test('has a note as long as the API accepts', async () => {
    await openDialog();
    await dialog(page).getByLabel('Note for yourself').focus();
    const longest = 'n'.repeat(maxLengthOf('/api/shares', 'note'));
    await page.keyboard.insertText(`${longest}n`);
    await dialog(page).getByRole('button', { name: 'Create link' }).click();
    const revoke = `Revoke the link: ${longest}`;
    await dialog(page).getByRole('button', { name: revoke, exact: true }).waitFor();
  });
});

describe('with the keyboard alone', () => {
  const nameOfFocused = () =>
    page.evaluate<string>(`
      const { ariaLabel, labels, textContent } = document.activeElement;
      ariaLabel ?? labels?.[0]?.textContent ?? textContent;`);

  async function tabTo(name: string): Promise<void> {
    const passed: string[] = [];
    while (passed.at(-1) !== name) {
      if (passed.length > 60) throw new Error(`Tab does not reach ${name}: ${passed.join(' | ')}`);
      await page.keyboard.press('Tab');
      passed.push(await nameOfFocused());
    }
  }

  test('a link for others is made, copied and revoked', async () => {
    await tabTo('Link for others');
    await page.keyboard.press('Enter');
    await dialog(page).getByText('Links to this recording').waitFor();
    await tabTo('Note for yourself');
    await page.keyboard.type('by keyboard');
    await tabTo('Create link');
    await page.keyboard.press('Enter');
    // The link itself has the focus, and is selected.
    await expect.poll(nameOfFocused).toBe('Link');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await dialog(page).getByText('Copied.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/\/s#[\w-]{43}$/);
    await tabTo('Create another link');
    await page.keyboard.press('Enter');
    await expect.poll(nameOfFocused).toBe('Ends after');
    const revoke = 'Revoke the link: by keyboard';
    await dialog(page).getByRole('button', { name: revoke }).waitFor();
    await tabTo(revoke);
    await page.keyboard.press('Enter');
    await expect.poll(nameOfFocused).toBe('Links to this recording');
    await page.keyboard.press('Escape');
    await expect.poll(nameOfFocused).toBe('Link for others');
  });

  test('the access log is read and saved', async () => {
    await tabTo('Who listened');
    await page.keyboard.press('Enter');
    await dialog(page).getByRole('table').waitFor();
    // A table that is too wide can be scrolled.
    await tabTo('Who listened');
    await tabTo('Save as CSV');
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(download.suggestedFilename()).toBe('access.csv');
    await page.keyboard.press('Escape');
    await expect.poll(nameOfFocused).toBe('Who listened');
    await expect.poll(() => dialog(page).count()).toBe(0);
  });
});

describe('the access log', () => {
  test('shows who heard the recording, and that a link was opened and revoked', async () => {
    await waitUntilPlayed(page, 1.2);
    const visitor = await visit(await share({ note: 'log' }));
    await openButton(visitor).click();
    await waitUntilPlayed(visitor, 0.1);
    await dialog(page).getByRole('button', { name: 'Revoke the link: log' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Close player' }).click();
    await page.getByRole('button', { name: /^Play: .* to 1000/ }).click();
    await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Who listened' }).click();
    const table = dialog(page).getByRole('table');
    await table.waitFor();
    const entries = (await table.getByRole('row').count()) - 1;
    expect(await dialog(page).getByRole('status').textContent()).toBe(`${entries} entries`);
    const text = (await table.textContent()) ?? '';
    for (const what of ['got a link', 'made a link for others', 'opened a link', 'revoked a link for others'])
      expect(text).toContain(what);
    expect(text).toMatch(/played\d+ second/);
    expect(text).toContain('Anna');

    // Some browsers begin to read the file only after the click, and would find nothing.
    await page.evaluate('globalThis.revoked = []; URL.revokeObjectURL = (url) => revoked.push(url);');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog(page).getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('access.csv');
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/^\uFEFFat,kind,pbx,recording,person/);
    expect(await page.evaluate('revoked')).toEqual([]);
    expect(page.problems).toEqual([]);
  });

  test('keeps the focus in the dialog when a search further back finds nothing, either', async () => {
    let isEverything = false;
    await page.route(/\/api\/access\?/, (route) =>
      route.fulfill({ json: { accesses: [], ...(!isEverything && { cursor: 'further' }) } }),
    );
    await page.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    const more = dialog(page).getByRole('button', { name: 'Show more' });
    await more.waitFor();
    isEverything = true;
    await more.press('Enter');
    await waitForFocus(page, 'ariaLabel', 'Close');
    expect(await more.count()).toBe(0);
  });

  test('says which link was opened: its note, or when it was made', async () => {
    for (const note of ['a lawyer', undefined]) {
      const { hash } = new URL(await shareByApi(archive, call, { note }));
      await page.request.post(`${archive.host.url}/api/shares/open`, {
        data: { token: hash.slice(1) },
        headers: { origin: archive.host.url },
      });
    }
    await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Who listened' }).click();
    const opened = dialog(page).getByRole('row', { name: /opened a link/ });
    await opened.nth(1).getByText('note: a lawyer').waitFor();
    await opened
      .first()
      .getByText(/^made .*, \d\d:\d\d:\d\d\sCES?T$/)
      .waitFor();
  });

  test('knows the note of a link that is not among the newest', async () => {
    await shareByApi(archive, call, { note: 'a lawyer' });
    const of = new URLSearchParams({ pbx: PBX_ID, recording: call?.recording ?? '' });
    const all = await archive.ask<{ shares: { note?: string }[] }>(`/api/shares?${of}`);
    await page.route(/\/api\/shares\?/, (route) =>
      route.fulfill({
        json: route.request().url().includes('cursor=') ? all : { shares: [], cursor: 'older' },
      }),
    );
    await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Who listened' }).click();
    await dialog(page)
      .getByRole('row', { name: /made a link/ })
      .first()
      .getByText('note: a lawyer')
      .waitFor();
  });

  // WCAG 2.2, 2.4.7: the table can be scrolled with the keyboard, so it says when it has the focus.
  test('shows when its table has the focus', async () => {
    await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Who listened' }).click();
    const table = dialog(page).locator('section[tabindex="0"]');
    await table.waitFor();
    await dialog(page).getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Tab');
    expect(await table.evaluate('document.activeElement.tagName')).toBe('SECTION');
    expect(await table.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
  });

  test('says that the player reports what was played when it is closed', async () => {
    const menu = page.getByRole('navigation');
    await menu.getByRole('button', { name: 'Who listened' }).click();
    await dialog(page).getByText('only for people who are signed in, and only when it is closed.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Language').selectOption('Deutsch');
    await menu.getByRole('button', { name: 'Zugriffe' }).click();
    await dialog(page).getByText('nur, wenn jemand angemeldet ist, und erst beim Schließen.').waitFor();
  });

  test('shows on a telephone how many entries there are, and that the first one is not the last', async () => {
    const recording = '20261127095445-1795773285.2-1001-1003-Internal.wav';
    const row = { kind: 'share-created', pbx: PBX_ID, recording, person: 'Anna', by: 'session' };
    const at = '2026-11-27T10:08:41.000Z';
    const accesses = Array.from({ length: 3 }, () => ({ ...row, at, address: '127.0.0.1' }));
    await page.route(/\/api\/access\?/, (route) => route.fulfill({ json: { accesses, cursor: 'older' } }));
    await page.setViewportSize(NARROW);
    await page.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    await dialog(page).getByRole('heading', { name: 'The newest 3 entries of Anna' }).waitFor();
    const { x = 0, y = 0 } = (await dialog(page).getByRole('row').nth(2).boundingBox()) ?? {};
    const rowAt = `document.elementFromPoint(${x + 20}, ${y + 20}).closest('tr')?.rowIndex`;
    expect(await page.evaluate(rowAt)).toBe(2);
    // What closes the dialog stays in sight.
    const close = dialog(page).getByRole('button', { name: 'Close' });
    const before = await close.boundingBox();
    await dialog(page).getByRole('button', { name: 'Save as CSV' }).scrollIntoViewIfNeeded();
    expect(await close.boundingBox()).toEqual(before);
  });

  test('of a person is found by the name that they signed in with', async () => {
    await page.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    expect(await dialog(page).getByLabel('Person').inputValue()).toBe('Anna');
    await dialog(page).getByRole('table').waitFor();
    await dialog(page).getByLabel('Person').fill('Nobody');
    await dialog(page).getByRole('button', { name: 'Show', exact: true }).click();
    const nothing = 'There are no entries of Nobody that you may see. Check how the name is written.';
    await dialog(page).getByText(nothing).first().waitFor();
    expect(await dialog(page).getByRole('status').textContent()).toBe(nothing);
  });

  test('of a person is searched past entries that the reader may not see, and says how far it has come', async () => {
    const requests = await answerLate(/\/api\/access\?/, 'accesses', {
      at: new Date().toISOString(),
      kind: 'link-created',
      pbx: PBX_ID,
      recording: 'a.wav',
      person: 'Anna',
      by: 'session',
    });
    await page.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    const soFar = 'No entries found so far. “Show more” searches older ones.';
    await dialog(page).getByText(soFar).first().waitFor();
    expect(await dialog(page).getByRole('status').textContent()).toBe(soFar);
    expect(requests()).toBe(10);
    expect(await dialog(page).getByText('There are no').count()).toBe(0);
    await dialog(page).getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => dialog(page).getByRole('status').textContent()).toBe('1 entry');
    expect(await dialog(page).getByText(soFar).count()).toBe(0);
  });

  test('is offered to those who may read it', async () => {
    await page.route('**/api/me', async (route) => {
      const response = await route.fetch();
      // With `audit` for some extensions.
      await route.fulfill({ response, json: { ...(await response.json()), accessLog: false } });
    });
    await page.reload();
    await page.getByRole('navigation').getByRole('button', { name: 'Links for others' }).waitFor();
    await page
      .getByRole('region', { name: 'Player' })
      .getByRole('button', { name: 'Link for others' })
      .waitFor();
    expect(await page.getByRole('button', { name: 'Who listened' }).count()).toBe(0);
  });

  test('says whose entries it shows, and that the name is compared exactly', async () => {
    await page.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    await dialog(page).getByRole('heading', { name: 'Entries of Anna' }).waitFor();
    await dialog(page).getByLabel('Person').fill('Ben');
    await dialog(page).getByText('The exact name: capital letters matter.').waitFor();
    await dialog(page).getByRole('heading', { name: 'Entries of Anna' }).waitFor();
    await dialog(page).getByRole('button', { name: 'Show', exact: true }).click();
    await dialog(page).getByRole('heading', { name: 'Entries of Ben' }).waitFor();
  });

  test('tells somebody who signed in without a name from a program that uses the link token', async () => {
    const { recording } = other ?? { recording: '' };
    await archive.ask(`/api/recordings/${PBX_ID}/${encodeURIComponent(recording)}`);
    const nameless = await openPage(browser);
    await signIn(nameless, archive, archive.host.url, '');
    await nameless.getByRole('button', { name: /^Play: .* to 2000/ }).click();
    await waitUntilPlayed(nameless, 0);
    await nameless.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    const entry = (through: string) =>
      dialog(nameless)
        .getByRole('row', { name: /got a link/ })
        .filter({ has: nameless.getByRole('cell', { name: through, exact: true }) })
        .first()
        .locator('td')
        .nth(1);
    await dialog(nameless).getByRole('table').waitFor();
    expect(await entry('page').textContent()).toBe('token (no name)');
    expect(await entry('link token').textContent()).toBe('token');
  });

  test('goes on with the person whose rows it shows, whatever has been typed since', async () => {
    const asked: (string | null)[] = [];
    await page.route(/\/api\/access\?/, (route) => {
      const query = new URL(route.request().url()).searchParams;
      const person = query.get('person');
      asked.push(person);
      const at = new Date().toISOString();
      const row = { at, kind: 'link-created', pbx: PBX_ID, recording: 'a.wav', person, by: 'session' };
      return route.fulfill({ json: { accesses: [row], ...(!query.has('cursor') && { cursor: 'next' }) } });
    });
    await page.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    await dialog(page).getByRole('table').waitFor();
    await dialog(page).getByLabel('Person').fill('Ben');
    await dialog(page).getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => dialog(page).getByRole('row').count()).toBe(3);
    // The button is gone. Reading goes on with the row that is new.
    await expect.poll(() => page.evaluate('document.activeElement.rowIndex')).toBe(2);
    await Promise.all([
      page.waitForRequest(/format=csv/),
      dialog(page).getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    // The browser reports a request before the route gets it.
    await expect.poll(() => asked).toEqual(['Anna', 'Anna', 'Anna']);
  });
});

describe('a dialog', () => {
  test('names the calls as the list does, and the recordings', async () => {
    const { recordings } = await archive.ask<{ recordings: { at: string; recording: string }[] }>(
      '/api/recordings?number=1000',
    );
    const [{ at, recording } = { at: '', recording: '' }] = recordings;
    const timeZone = 'Europe/Berlin';
    const time = new Date(at).toLocaleString('en-GB', { timeZone, dateStyle: 'medium', timeStyle: 'medium' });
    const zone = new Date(at).toLocaleString('en-GB', { timeZone, timeZoneName: 'short' }).split(' ').at(-1);
    expect(zone).toMatch(/^CES?T$/);
    const text = `${time}\u00A0${zone}, ${CUSTOMER} to 1000${PBX_ID}/${recording}`;
    await share({ note: 'which call' });
    await page.keyboard.press('Escape');
    const menu = page.getByRole('navigation');
    await menu.getByRole('button', { name: 'Links for others' }).click();
    const shared = dialog(page).getByRole('row', { name: /which call/ });
    expect(await shared.locator('td').first().textContent()).toBe(text);
    expect(await shared.locator('td').nth(1).textContent()).toMatch(/\d\d:\d\d\sCES?T Anna$/);
    await page.keyboard.press('Escape');
    await menu.getByRole('button', { name: 'Who listened' }).click();
    const accessed = dialog(page)
      .getByRole('row', { name: /made a link for others/ })
      .first();
    expect(await accessed.locator('td').nth(3).textContent()).toBe(text);
    // The PBXs of one list may be in several zones.
    expect(await accessed.locator('td').first().textContent()).toMatch(/, \d\d:\d\d:\d\d\sCES?T$/);
    expect(page.problems).toEqual([]);
  });

  test('has the keys for itself: none of the page does anything behind it', async () => {
    await waitUntilPlayed(page, 0);
    await page.getByRole('region', { name: 'Player' }).getByRole('button', { name: 'Pause' }).click();
    await openDialog();
    await dialog(page).getByLabel('Note for yourself').fill('half written');
    // The focus is then on no field.
    await dialog(page)
      .getByText(/ to 1000, /)
      .click();
    await waitForFocus(page, 'tagName', 'DIALOG');
    const before = await playerOf(page);
    for (const key of [' ', 'ArrowRight', ']', 'j', '/', '?']) await page.keyboard.press(key);
    expect(await playerOf(page)).toEqual(before);
    expect(await dialog(page).getByLabel('Note for yourself').inputValue()).toBe('half written');
    await page.keyboard.press('Escape');
    await waitForFocus(page, 'textContent', 'Link for others');
    await page.keyboard.press(']');
    expect(await playerOf(page)).toMatchObject({ rate: 1.25 });
  });

  test('closes with the recording that it belongs to', async () => {
    await openDialog();
    await page.goBack();
    await expect.poll(() => page.getByRole('region', { name: 'Player' }).count()).toBe(0);
    // What had the focus before is gone, too.
    await waitForFocus(page, 'className', 'row-button');
    await page.getByRole('button', { name: /^Play: .* to 1000/ }).click();
    await waitUntilPlayed(page, 0);
    expect(await dialog(page).count()).toBe(0);
  });

  // A page that is open while a new version is deployed asks for files that are no longer there.
  test('that cannot be loaded says so, and what to do', async () => {
    await page.route(/\/assets\/dialogs-/, (route) => route.fulfill({ status: 404 }));
    await page.getByRole('navigation').getByRole('button', { name: 'Keys' }).click();
    await dialog(page).getByText('could not be loaded').waitFor();
    await Promise.all([
      page.waitForEvent('load'),
      dialog(page).getByRole('button', { name: 'Reload the page' }).click(),
    ]);
    await page.getByRole('region', { name: 'Player' }).waitFor();
  });
});
