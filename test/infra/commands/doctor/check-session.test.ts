import { expect, test } from 'vitest';
import { checkSession } from '../../../../infra/commands/doctor/check-session.ts';
import { sessionLocationOf } from '../../../../infra/commands/doctor/session-location.ts';
import { startSimulatedPbx } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { identity } from '../../simulated-pbx/harness.ts';
import { serve } from './aws-stand-ins.ts';
import { diagnose, HERE, OK, PASSWORD, statuses, TO_DO, UNKNOWN } from './pbx-session-harness.ts';

test('each thing that can be wrong with a PBX is found where it is', async () => {
  const DAY_MS = 24 * 60 * 60_000;
  const pbxs = {
    good: await startSimulatedPbx({ tls: identity, password: PASSWORD }),
    late: await startSimulatedPbx({ tls: identity, password: PASSWORD, now: () => Date.now() - DAY_MS }),
    plain: await startSimulatedPbx({ plain: true, password: PASSWORD }),
    tcp: await startSimulatedPbx({
      tls: identity,
      password: PASSWORD,
      apiVersion: 'v2.0.0',
      reportMethod: 'TCP',
    }),
  };
  await using cleanup = new AsyncDisposableStack();
  for (const pbx of Object.values(pbxs)) cleanup.defer(() => pbx.close());
  const { url, fingerprint256 } = pbxs.good;
  const webServer = await serve((request, response) => {
    request.resume();
    response.end('<html>Welcome</html>');
  });
  const found = await diagnose(
    {
      good: { baseUrl: url, tls: { fingerprint256 } },
      late: { baseUrl: pbxs.late.url, tls: { fingerprint256 } },
      plain: { baseUrl: pbxs.plain.url },
      tcp: { baseUrl: pbxs.tcp.url, tls: { fingerprint256 }, apiVersion: 'v2.0.0' },
      // Nothing listens on this port.
      away: { baseUrl: 'https://127.0.0.1:9' },
      replaced: { baseUrl: url, tls: { fingerprint256: 'AB'.repeat(32) } },
      unpinned: { baseUrl: url },
      disabled: { baseUrl: webServer },
      refused: { baseUrl: url, tls: { fingerprint256 } },
      empty: { baseUrl: url, tls: { fingerprint256 } },
    },
    { refused: 'another-password', empty: '' },
  );

  expect(found.good).toMatchObject({
    connection: { status: OK, text: `${url} is reached from here` },
    certificate: { status: OK, text: 'the pinned one' },
    api: { status: OK },
    session: { status: OK, text: 'logged in just now' },
    clock: { status: OK, text: expect.stringMatching(/^\d+ s (?:ahead|behind)$/) },
    device: { status: OK, text: 'Simulated S-Series, firmware 30.15.0.60, serial number 369362089179' },
  });
  expect(statuses(found.late ?? {})).toMatchObject({ session: OK, clock: TO_DO });
  expect(found.late?.clock.text).toMatch(/^It is 864\d\d s behind\. .*docs\/runbook\.md#clock-wrong\.$/);
  expect(found.tcp?.session).toMatchObject({
    status: TO_DO,
    text: expect.stringMatching(/It posts no reports\. .* if the report method in its API Settings is HTTP/),
  });
  expect(statuses(found.tcp ?? {})).toMatchObject({ api: OK, clock: OK, device: OK });
  expect(statuses(found.plain ?? {})).toEqual({
    connection: OK,
    certificate: UNKNOWN,
    api: OK,
    session: OK,
    clock: OK,
    device: OK,
  });
  expect(statuses(found.away ?? {})).toEqual({
    connection: TO_DO,
    certificate: UNKNOWN,
    api: UNKNOWN,
    session: UNKNOWN,
    clock: UNKNOWN,
    device: UNKNOWN,
  });
  expect(found.away?.connection.text).toBe(
    'The connection to the PBX failed (ECONNREFUSED). See pbx-connection in docs/runbook.md#session-down.',
  );
  for (const [id, word] of [
    ['replaced', 'certificate-mismatch'],
    ['unpinned', 'SELF_SIGNED'],
  ] as const) {
    expect(statuses(found[id] ?? {})).toEqual({
      connection: OK,
      certificate: TO_DO,
      api: UNKNOWN,
      session: UNKNOWN,
      clock: UNKNOWN,
      device: UNKNOWN,
    });
    expect(found[id]?.certificate.text).toContain(word);
  }
  expect(statuses(found.disabled ?? {})).toEqual({
    connection: OK,
    certificate: UNKNOWN,
    api: TO_DO,
    session: UNKNOWN,
    clock: UNKNOWN,
    device: UNKNOWN,
  });
  const nobodyAsked = {
    connection: UNKNOWN,
    certificate: UNKNOWN,
    api: UNKNOWN,
    session: TO_DO,
    clock: UNKNOWN,
    device: UNKNOWN,
  };
  expect(statuses(found.refused ?? {})).toEqual(nobodyAsked);
  expect(found.refused?.session.text).toMatch(/username or the password.*docs\/runbook\.md#login-held\.$/);
  expect(statuses(found.empty ?? {})).toEqual(nobodyAsked);
  expect(found.empty?.session.text).toMatch(/not been entered yet/);
});

const settings = {
  family: 's-series' as const,
  baseUrl: 'https://192.0.2.1:8088',
  tls: { minVersion: 'TLSv1.2' as const },
  timeZone: 'UTC',
};

test('on a local host, the options of npm start are corrected, as there is no cdk.json', () => {
  const pinned = {
    ...settings,
    serialNumber: 'A',
    tls: { ...settings.tls, fingerprint256: 'AB'.repeat(32) },
  };
  const up = { pbx: 'pbx', outcome: 'kept-alive', skewSeconds: 20_700, isZoneWrong: true };
  const told = { renewsCertificate: true, edition: 'Cloud Edition', serialNumber: 'B' };
  const { clock, certificate, device } = checkSession({ ...up, ...told }, pinned, sessionLocationOf({}));
  expect([clock, certificate, device].map(({ text }) => text)).toEqual([
    'It is right, but shows a time that is 20700 s ahead of that in UTC. Correct --time-zone, then start again.',
    'The pinned one, which the Cloud Edition replaces every few weeks. Remove --fingerprint, then start again. See docs/configuration.md#certificate.',
    'The PBX has the serial number B, not A, so its reports are set aside. Correct --serial, then start again.',
  ]);
  const pSeries = { ...settings, family: 'p-series', reportAuthentication: 'signature' } as const;
  const old = { pbx: 'pbx', outcome: 'kept-alive', firmware: '37.19.0.100' };
  expect(checkSession(old, pSeries, sessionLocationOf({})).device.text).toContain(
    'Update it, or set --discover, then start again.',
  );
});

test('a PBX that the function does not know is to be deployed', () => {
  expect(checkSession(undefined, settings, HERE).session).toEqual({
    status: 'to-do',
    text: 'The function does not know this PBX yet. Run npm run deploy.',
  });
});

test.each([
  ['an error number', { outcome: 'failed', code: 'pbx-20004' }, OK, 'session'],
  ['another API version', { outcome: 'failed', code: 'pbx-20001' }, OK, 'api'],
  ['an HTTP status', { outcome: 'failed', code: 'pbx-http-status' }, OK, 'api'],
  ['an HTTP status that held the login', { outcome: 'held', code: 'pbx-http-status' }, UNKNOWN, 'session'],
  ['another function that logs in', { outcome: 'failed', code: 'login-in-progress' }, UNKNOWN, 'session'],
  ['a permission that is gone', { outcome: 'failed', code: 'AccessDeniedException' }, UNKNOWN, 'session'],
  ['a login that is held', { outcome: 'held', code: 'pbx-20002' }, UNKNOWN, 'session'],
  ['an error number of another family', { outcome: 'failed', code: 'pbx-70087' }, OK, 'session'],
])('%s says only what it shows', (_, outcome, connection, failed) => {
  const results = checkSession({ pbx: 'hq', message: 'Words.', ...outcome }, settings, HERE);
  expect(results.connection.status).toBe(connection);
  expect(results).toMatchObject({
    [failed]: { status: TO_DO, text: expect.stringContaining(outcome.code) },
    clock: { status: UNKNOWN },
  });
});

test('nothing is claimed about the clock of a PBX that does not show its time', () => {
  const { clock } = checkSession({ pbx: 'hq', outcome: 'kept-alive' }, settings, HERE);
  expect(clock).toEqual({ status: UNKNOWN, text: 'the PBX does not show its time' });
});

test('a certificate that an authority issued is called so', () => {
  const up = { pbx: 'hq', outcome: 'kept-alive' };
  expect(checkSession(up, settings, HERE).certificate.text).toBe('issued by a public authority');
  const withCa = { ...settings, tls: { ...settings.tls, ca: 'PEM' } };
  expect(checkSession(up, withCa, HERE).certificate.text).toBe('issued as tls.ca says');
});

test.each([
  ['tls.fingerprint256', { fingerprint256: 'AB'.repeat(32) }],
  ['tls.ca', { ca: 'PEM' }],
])(
  'a certificate that is replaced every few weeks is not to be pinned, whatever the family: by %s',
  (name, pin) => {
    const pinned = { ...settings, tls: { ...settings.tls, ...pin } };
    const up = { pbx: 'hq', outcome: 'kept-alive', renewsCertificate: true };
    const { status, text } = checkSession(up, pinned, HERE).certificate;
    expect(status).toBe(TO_DO);
    expect(text).toMatch(/which the PBX replaces every few weeks\..*docs\/configuration\.md#certificate\.$/);
    expect(text).toContain(`Remove ${name}`);
    expect(checkSession(up, settings, HERE).certificate.status).toBe(OK);
    // An appliance may have a certificate of its own, or of an authority of its owner.
    expect(checkSession({ pbx: 'hq', outcome: 'kept-alive' }, pinned, HERE).certificate.status).toBe(OK);
  },
);

test.each<[string, object, object, string, RegExp]>([
  [
    'another serial number',
    { serialNumber: 'A' },
    { serialNumber: 'B' },
    TO_DO,
    /serial number B.*Correct serialNumber/,
  ],
  ['a model', {}, { model: 'Yeastar P570' }, OK, /^Yeastar P570$/],
  ['the right one', { serialNumber: 'A' }, { serialNumber: 'A' }, OK, /^serial number A$/],
  [
    'no webhook',
    {},
    { firmware: '37.19.0.100' },
    TO_DO,
    /37\.19\.0\.100 has no webhook.*discoverEveryMinutes/,
  ],
  ['no webhook by a little', {}, { firmware: '84.20.0.20' }, TO_DO, /has no webhook/],
  ['no need of a webhook', { discoverEveryMinutes: 5 }, { firmware: '37.19.0.100' }, OK, /37\.19/],
  ['a webhook', {}, { firmware: '83.20.0.21' }, OK, /^firmware 83\.20\.0\.21$/],
  ['a newer webhook', {}, { firmware: '37.21.0.1' }, OK, /37\.21/],
  ['a firmware of another form', {}, { firmware: 'beta' }, OK, /beta/],
  ['nothing to say', {}, {}, UNKNOWN, /does not say/],
])('a P-Series with %s is told', (_, settings, said, status, text) => {
  const family = { family: 'p-series', reportAuthentication: 'signature' } as const;
  const pbx = {
    baseUrl: 'https://pbx.test',
    tls: { minVersion: 'TLSv1.2' },
    timeZone: 'UTC',
    ...family,
  } as const;
  const outcome = { pbx: 'hq', outcome: 'kept-alive', ...said };
  expect(checkSession(outcome, { ...pbx, ...settings }, HERE).device).toEqual({
    status,
    text: expect.stringMatching(text),
  });
});
