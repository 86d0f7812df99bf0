import { readFileSync } from 'node:fs';
import type { Route } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SimulatedCall } from '../../infra/simulated-pbx/simulated-pbx.ts';
import { findViolations, NARROW, WIDE } from './accessibility.ts';
import { CUSTOMER, PBX_ID } from './archive.ts';
import { waitUntilPlayed } from './browser.ts';
import { shareByApi } from './share.ts';
import { signIn } from './sign-in.ts';
import { archive, calls, page, reopenPage, useArchive } from './use-archive.ts';

const gsm = readFileSync(new URL('../functions/archive-page/gsm/fixtures/speech.wav', import.meta.url));

/** The customer's. */
let call: SimulatedCall | undefined;
/** A link for others to it. */
let share: string;

const shareOf = (call: SimulatedCall | undefined) => ({
  pbx: PBX_ID,
  recording: call?.recording,
  days: 7,
  download: true,
  note: 'a lawyer',
});

useArchive(
  { from: CUSTOMER, to: '1000', type: 'Inbound', talkSeconds: 9 },
  { from: '1001', to: '1003', type: 'Internal', talkSeconds: 4 },
  { from: '1002', to: '030 555111', type: 'Outbound', talkSeconds: 4, recording: gsm },
);
beforeAll(async () => {
  [call] = calls;
  share = await shareByApi(archive, call, shareOf(call));
});

const player = () => page.getByRole('region', { name: 'Player' });
const dialog = () => page.getByRole('dialog');
const tokenField = () => page.getByLabel('Link token');

async function openPlayer(): Promise<void> {
  await signIn(page, archive);
  await page.getByRole('button', { name: /^Play: .*1000/ }).click();
  await waitUntilPlayed(page, 0);
}

async function openShare(): Promise<void> {
  await page.goto(share);
  await page.getByRole('button', { name: 'Open the recording' }).click();
  await waitUntilPlayed(page, 0);
}

/** Has the API respond with something that takes long to bring about: what it says, changed. */
const change = <T>(path: string, edit: (body: T) => T) =>
  page.route(`**/api/${path}`, async (route: Route) => {
    const response = await route.fetch();
    await route.fulfill(response.ok() ? { response, json: edit(await response.json()) } : { response });
  });

/** Every state of the page that looks different. The page shows it when the promise resolves. */
const STATES: Record<string, () => Promise<void>> = {
  'loading failed': async () => {
    await page.route('**/api/config', (route) => route.abort());
    await page.goto(archive.host.url);
    await page.getByText('No connection').waitFor();
  },
  'sign-in': async () => {
    await page.goto(archive.host.url);
    await tokenField().waitFor();
  },
  'wrong token': async () => {
    await page.goto(archive.host.url);
    await tokenField().fill('wrong-0123456789');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This token is not valid').waitFor();
  },
  'a dialog that cannot be loaded': async () => {
    await page.route(/\/assets\/dialogs-/, (route) => route.fulfill({ status: 404 }));
    await signIn(page, archive);
    await page.getByRole('navigation').getByRole('button', { name: 'Keys' }).click();
    await page.getByText('could not be loaded').waitFor();
  },
  'session ended': async () => {
    await signIn(page, archive);
    await page.getByRole('button', { name: /^Play: .*1000/ }).waitFor();
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await page.getByText('Your session has ended').waitFor();
  },
  results: async () => {
    await signIn(page, archive);
    await page.getByRole('button', { name: /^Play: .*1000/ }).waitFor();
  },
  'results of many PBXs, some lost or doubtful': async () => {
    const others = ['berlin', 'hamburg', 'wien'].map((id) => ({ id, timeZone: 'Europe/Vienna' }));
    const now = new Date().toISOString();
    const sessions = [{ sessionDownSince: now }, { sessionUpAt: now }, {}];
    await change<{ pbxs: object[] }>('me', (me) => ({
      ...me,
      pbxs: [...me.pbxs, ...others.map((pbx, n) => ({ ...pbx, ...sessions[n] }))],
    }));
    await change<{ recordings: object[] }>('recordings?*', (found) => ({
      ...found,
      cursor: 'more',
      recordings: [
        { state: 'lost' },
        { state: 'waiting' },
        { state: 'dead-lettered' },
        { verifiedBy: ['header-states-more'] },
        { codec: 'adpcm', from: undefined },
      ].map((facts, index) => ({
        ...found.recordings[0],
        recording: `${index}.wav`,
        pbx: others[index % 3]?.id,
        ...facts,
      })),
    }));
    await signIn(page, archive);
    await page.getByText('2 of 4 PBXs are connected, 1 not known').click();
    await page
      .getByRole('button', { name: /^Details:/ })
      .first()
      .click();
    await player().getByText('no longer had this recording').waitFor();
  },
  'no results': async () => {
    await signIn(page, archive, `${archive.host.url}/?number=08001`);
    await page.getByText('No recording found', { exact: true }).waitFor();
  },
  'days in the wrong order': async () => {
    await signIn(page, archive);
    await page.getByLabel('From', { exact: true }).fill('2026-02-02');
    // Leaving the first one searches, as a person's Tab does.
    await page.getByLabel('To', { exact: true }).focus();
    await page.getByLabel('To', { exact: true }).fill('2026-01-01');
    await page.getByText('The first day is after').waitFor();
  },
  'API unreachable': async () => {
    await page.route('**/api/recordings?*', (route) => route.abort());
    await signIn(page, archive);
    await page.getByText('No connection').waitFor();
  },
  'API responds with 503': async () => {
    await page.route('**/api/recordings?*', (route) => route.fulfill({ status: 503 }));
    await signIn(page, archive);
    await page.getByText('The archive is not responding').waitFor();
  },
  'player with details': async () => {
    await openPlayer();
    await player().getByText('Details', { exact: true }).click();
  },
  waveform: async () => {
    await openPlayer();
    await player().getByRole('button', { name: 'Waveform' }).click();
    await page.locator('.waveform').waitFor();
  },
  'waveform fails': async () => {
    await openPlayer();
    await page.route(/X-Amz-Signature/, (route) => route.abort());
    await player().getByRole('button', { name: 'Waveform' }).click();
    await player().getByText('The waveform could not be drawn').waitFor();
  },
  'no link to play': async () => {
    await page.route('**/api/recordings/**', (route) => route.fulfill({ status: 503 }));
    await signIn(page, archive);
    await page.getByRole('button', { name: /^Play: .*1000/ }).click();
    await player().getByText('The archive did not provide this recording').waitFor();
  },
  'a player that cannot be loaded': async () => {
    await page.route(/\/assets\/player-panel-/, (route) => route.fulfill({ status: 404 }));
    await signIn(page, archive);
    await page.getByRole('button', { name: /^Play: .*1000/ }).click();
    await player().getByText('could not be loaded').waitFor();
  },
  'a format that cannot be played': async () => {
    await change<{ recordings: object[] }>('recordings?*', (found) => ({
      ...found,
      recordings: found.recordings.map((recording) => ({ ...recording, codec: 'adpcm' })),
    }));
    await page.route(/X-Amz-Signature/, (route) =>
      route.fulfill({ contentType: 'audio/wav', body: 'no audio' }),
    );
    await signIn(page, archive);
    await page.getByRole('button', { name: /^Play: .*1000/ }).click();
    await player().getByText('This browser cannot play this format').waitFor();
  },
  'a recording in the address that does not exist': async () => {
    await signIn(page, archive, `${archive.host.url}/?open=${PBX_ID}/never.wav`);
    await page.getByText('There is no such recording').waitFor();
  },
  'share dialog': async () => {
    await openPlayer();
    await player().getByRole('button', { name: 'Link for others' }).click();
    await dialog()
      .getByRole('button', { name: /^Revoke/ })
      .waitFor();
  },
  'share made': async () => {
    await openPlayer();
    await player().getByRole('button', { name: 'Link for others' }).click();
    await dialog().getByRole('button', { name: 'Create link' }).click();
    await dialog().getByRole('button', { name: 'Copy' }).click();
    await dialog().getByText('Copied.').waitFor();
    await dialog().getByRole('table').waitFor();
  },
  'list of shares': async () => {
    await signIn(page, archive);
    // Those of the person who has signed in.
    const { url } = archive.host;
    await page.request.post(`${url}/api/shares`, { data: shareOf(call), headers: { origin: url } });
    await page.getByRole('navigation').getByRole('button', { name: 'Links for others' }).click();
    await dialog().getByText('a lawyer').waitFor();
  },
  'shares that have ended': async () => {
    const at = new Date().toISOString();
    const endings = [{ revokedAt: at }, { lockedOut: true }, { endsAt: at }, { maxPlays: 1, plays: 1 }];
    await change<{ shares: object[] }>('shares?*', ({ shares: [first] }) => ({
      shares: endings.map((ending, id) => ({ ...first, id: String(id), ...ending })),
    }));
    await openPlayer();
    await player().getByRole('button', { name: 'Link for others' }).click();
    await dialog().getByText('revoked').waitFor();
  },
  'no shares': async () => {
    await change('shares?*', () => ({ shares: [] }));
    await signIn(page, archive);
    await page.getByRole('navigation').getByRole('button', { name: 'Links for others' }).click();
    await dialog().getByText('There are none.').waitFor();
  },
  'access log of a recording': async () => {
    await openPlayer();
    await player().getByRole('button', { name: 'Who listened' }).click();
    await dialog().getByRole('table').waitFor();
  },
  'access log of a person': async () => {
    const refusal = {
      at: new Date().toISOString(),
      kind: 'refused',
      reason: 'forbidden',
      person: 'Ada',
      by: 'jwt',
    };
    await change<{ accesses: object[] }>('access?*', (log) => ({
      ...log,
      accesses: [refusal, ...log.accesses],
    }));
    await signIn(page, archive);
    await page.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    await dialog().getByRole('table').waitFor();
  },
  'access log fails': async () => {
    await page.route('**/api/access?*', (route) => route.fulfill({ status: 503 }));
    await signIn(page, archive);
    await page.getByRole('navigation').getByRole('button', { name: 'Who listened' }).click();
    await dialog().getByText('The log could not be read').waitFor();
  },
  keys: async () => {
    await signIn(page, archive);
    await page.keyboard.press('?');
    await dialog().getByText('Use these keys').waitFor();
  },
  'shared page': async () => {
    await page.goto(share);
    await page.getByLabel('Passcode').waitFor();
  },
  'shared page, incomplete address': async () => {
    await page.goto(`${archive.host.url}/s`);
    await page.getByText('This address is incomplete').waitFor();
  },
  'shared page, refused': async () => {
    await page.goto(`${archive.host.url}/s#${'A'.repeat(43)}`);
    await page.getByRole('button', { name: 'Open the recording' }).click();
    await page.getByText('This link cannot be opened').waitFor();
  },
  'shared page, playing': openShare,
  'shared page, open for too long': async () => {
    await openShare();
    await page.clock.setFixedTime(Date.now() + 16 * 60_000);
    await page.route('**/api/shares/open', (route) =>
      route.fulfill({ status: 404, json: { error: 'share-unavailable' } }),
    );
    await page.getByRole('link', { name: 'Download' }).click();
    await page.getByText('open for too long').waitFor();
  },
};

describe('axe finds nothing', () => {
  test.each(Object.entries(STATES))('in the state: %s', async (state, reach) => {
    await reach();
    expect(await findViolations(page, state)).toEqual([]);
  });

  test('in German, whose words are longer', async () => {
    await reopenPage({ locale: 'de-DE' });
    await page.goto(archive.host.url);
    await page.getByLabel('Link-Token').fill(archive.token);
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByRole('button', { name: /^Abspielen: .*1000/ }).click();
    const opened = page.getByRole('region', { name: 'Wiedergabe' });
    await opened.getByText('Einzelheiten', { exact: true }).click();
    expect(await findViolations(page, 'German')).toEqual([]);
    // A large player would be behind the middle of the dialog, and axe does not know that a modal dialog is above it.
    await opened.getByText('Einzelheiten', { exact: true }).click();
    await opened.getByRole('button').last().click();
    await dialog().getByRole('table').waitFor();
    expect(await findViolations(page, 'access log in German')).toEqual([]);
  });
});

test('a screen reader finds headings, a table with heads, and a name for everything that can be operated', async () => {
  await signIn(page, archive);
  await page.getByRole('button', { name: /^Play: .*1000/ }).click();
  const { recordings } = await archive.ask<{ recordings: { at: string }[] }>('/api/recordings?number=1000');
  const time = new Date(recordings[0]?.at ?? '').toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin' });
  const row = page.getByRole('row').filter({ hasText: CUSTOMER });
  const expected = [
    `- row "Pause: ${time}, ${CUSTOMER} to 1000 Skip to the player ${time} ${CUSTOMER} 1000 Incoming 9 seconds PCM Archived verified as complete":`,
    `  - cell "Pause: ${time}, ${CUSTOMER} to 1000 Skip to the player":`,
    `    - button "Pause: ${time}, ${CUSTOMER} to 1000"`,
    '    - link "Skip to the player":',
    '      - /url: "#player"',
    `  - rowheader "${time}":`,
    `    - time: ${time}`,
    `  - cell "${CUSTOMER}"`,
    '  - cell "1000"',
    '  - cell "Incoming"',
    '  - cell "9 seconds"',
    '  - cell "PCM"',
    '  - cell "Archived verified as complete"',
  ].join('\n');
  // A row that looks like a card is a row for all that.
  for (const viewport of [WIDE, NARROW]) {
    await page.setViewportSize(viewport);
    expect((await row.ariaSnapshot()).replaceAll("'", '')).toBe(expected);
  }
  const heads = await page.getByRole('columnheader').allTextContents();
  expect(heads.slice(0, 4)).toEqual(['Listen', expect.stringMatching(/^Time/), 'From', 'To']);
});

test('on a telephone of any width, the volume can be set', async () => {
  await signIn(page, archive);
  await page.getByRole('button', { name: /^Play: .*1000/ }).click();
  const slider = page.getByRole('slider', { name: 'Volume' });
  for (const width of [320, 360, 375, 390, 412, 430]) {
    await page.setViewportSize({ width, height: 844 });
    // The thumb alone has 16.
    expect((await slider.boundingBox())?.width).toBeGreaterThan(48);
  }
});

test('in forced colours the open recording has an outline, and without motion nothing moves', async () => {
  await reopenPage({ forcedColors: 'active', reducedMotion: 'reduce' });
  await signIn(page, archive);
  await page.getByRole('button', { name: /^Play: .*1000/ }).click();
  const styleOf = (selector: string, property: string) =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`);
  expect(await styleOf('tr[aria-current]', 'outlineStyle')).toBe('solid');
  expect(await styleOf('.chip', 'transitionDuration')).toBe('0s');
});
