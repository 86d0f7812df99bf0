import { describe, expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { summarize } from '../../../infra/config/summary.ts';
import { generateCertificate } from '../../../infra/simulated-pbx/certificate.ts';

const pins = { fingerprint256: 'ab'.repeat(32), ca: (await generateCertificate(['pbx.acme.com'])).cert };
const office = { baseUrl: 'https://192.168.5.150:8088', tls: { fingerprint256: pins.fingerprint256 } };

test('the summary has what an administrator decides', () => {
  const config = readArchiveConfig({
    stackName: 'Calls',
    pbxs: { office, warehouse: { baseUrl: 'https://pbx.acme.com', timeZone: 'Europe/Lisbon' } },
    links: { authorization: { type: 'iam' }, maximumAgeSeconds: 600 },
    bucket: {
      encryption: 'kms',
      expireAfterDays: 730,
      objectLock: { mode: 'governance', days: 365 },
    },
    webhook: { plainHttp: true },
    alarms: { email: 'telephony@acme.com' },
  });
  expect(summarize(config, undefined).split('\n')).toEqual([
    'The stack Calls:',
    '  2 PBXs   office: https://192.168.5.150:8088, pinned certificate, time zone UTC',
    '           warehouse: https://pbx.acme.com, certificate of a public authority, time zone Europe/Lisbon',
    '  Network  PBXs are reached over the internet; reports also over plain HTTP',
    '  Bucket   of the stack, encrypted with a KMS key',
    '           recordings are deleted after 730 days',
    '           recordings are locked for 365 days (governance)',
    '  Links    for callers with an AWS signature, valid for at most 600 s',
    '           no shares with people who cannot sign in; the access log is kept for 400 days',
    '  Alarms   telephony@acme.com',
  ]);
});

test('the summary says for how long recordings can be shared, and whether at all', () => {
  const shares = (settings: object) =>
    summarize(readArchiveConfig({ pbxs: { office }, links: settings }), undefined)
      .split('\n')
      .find((line) => line.includes('shares'))
      ?.trim();
  const kept = 'the access log is kept for 400 days';
  const none = `no shares with people who cannot sign in; ${kept}`;
  const jwt = { type: 'jwt', issuer: 'https://login.acme.com', audience: ['archive'] };
  expect(shares({})).toBe(`shares with people who cannot sign in, for at most 30 days; ${kept}`);
  expect(shares({ shares: { maxDays: 3 } })).toMatch(/at most 3 days/);
  expect(shares({ shares: { allowed: false } })).toBe(none);
  expect(shares({ authorization: { ...jwt, clientId: 'page' } })).toMatch(/^shares with/);
  // Without a client for the page, there is no page on which a share could be opened.
  expect(shares({ authorization: jwt })).toBe(none);
});

describe('a pinned certificate', () => {
  const summaryOf = (
    baseUrl: string,
    family = 'p-series',
    tls: object = { fingerprint256: pins.fingerprint256 },
  ) => summarize(readArchiveConfig({ pbxs: { cloud: { family, baseUrl, tls } } }), undefined);

  test.each([
    ['p-series', 'https://acme.eu.yeastarcloud.com'],
    ['p-series', 'https://acme.ras.yeastar.com'],
    ['p-series', 'https://acme.ycmcloud.com:443'],
    ['p-series', 'https://acme.phone.partner.example'],
    ['cloud-pbx', 'https://acme.partner.example'],
  ])('may be one that changes every few weeks: %s at %s', (family, baseUrl) => {
    expect(summaryOf(baseUrl, family)).toContain('Remove tls.fingerprint256 of pbxs.cloud, unless');
    // The authority, or its intermediate one, changes as well.
    expect(summaryOf(baseUrl, family, { ca: pins.ca })).toContain(
      'Remove tls.ca of pbxs.cloud, unless the certificate is self-signed or of an authority of your own',
    );
  });

  test.each([
    ['p-series', 'https://192.168.5.150:8088'],
    ['p-series', 'https://pbx.acme.com:8088'],
    ['p-series', 'https://192.168.5.150'],
    ['p-series', 'https://[fd00::150]'],
    ['s-series', 'https://pbx.acme.com'],
  ])('belongs to the PBX itself: %s at %s', (family, baseUrl) => {
    expect(summaryOf(baseUrl, family)).not.toContain('Remove');
    expect(summaryOf(baseUrl, family, { ca: pins.ca })).not.toContain('Remove');
  });

  test('of each PBX is told of', () => {
    const cloud = { family: 'p-series', baseUrl: 'https://acme.eu.yeastarcloud.com' };
    const pbxs = {
      one: { ...cloud, tls: { ca: pins.ca } },
      two: { ...cloud, tls: { fingerprint256: pins.fingerprint256 } },
      three: cloud,
    };
    expect(summarize(readArchiveConfig({ pbxs }), undefined)).toContain(
      'Remove tls.ca of pbxs.one, tls.fingerprint256 of pbxs.two, unless',
    );
  });

  test('is not warned of if there is none', () => {
    expect(summaryOf('https://acme.eu.yeastarcloud.com', 'p-series', {})).not.toContain('Remove');
  });
});

test('the summary says that a family is not verified on a device', () => {
  const summaryOf = (family: string) =>
    summarize(
      readArchiveConfig({ pbxs: { office: { family, baseUrl: 'https://192.168.5.150' } } }),
      undefined,
    );
  expect(summaryOf('openvox')).toContain('openvox is not verified on a device');
  expect(summaryOf('cloud-pbx')).not.toContain('verified on a device');
});
