import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import {
  baseUrlSchema,
  fingerprintSchema,
  pbxIdSchema,
  pbxSettings,
  readPbxRegistry,
  tlsSchema,
} from '../../../../functions/shared/config/pbx-registry.ts';
import { sSeriesSettings } from '../../../../functions/shared/pbx/s-series/settings.ts';
import { makeDirectory } from '../../aws-services.ts';

const PAIRS = Array.from({ length: 32 }, (_, index) => (index * 8).toString(16).padStart(2, '0'));
const FINGERPRINT = PAIRS.join(':').toUpperCase();
const file = join(await makeDirectory(), 'registry.json');
const isValidFor = (schema: v.GenericSchema) => (input: unknown) => v.is(schema, input);

describe("a PBX's id", () => {
  test.each(['a', '7', 'head-office', 'a'.repeat(40)])('may be %s', (id) => {
    expect(v.is(pbxIdSchema, id)).toBe(true);
  });

  test.each(['', '-a', 'a-', 'A', 'a_b', 'a/b', 'a.b', 'é', ' a', 'a\n', 'a'.repeat(41)])(
    'may not be %j',
    (id) => {
      expect(v.is(pbxIdSchema, id)).toBe(false);
    },
  );
});

describe("a PBX's address", () => {
  test.each([
    ['https://192.168.5.150:8088', 'https://192.168.5.150:8088'],
    ['https://192.168.5.150:8088/', 'https://192.168.5.150:8088'],
    ['http://pbx.local', 'http://pbx.local'],
    ['https://[fe80::1]:8088', 'https://[fe80::1]:8088'],
    // As copied from the address bar of a browser.
    ['https://pbx.example:443', 'https://pbx.example'],
    ['HTTPS://PBX.Example:8088/', 'https://pbx.example:8088'],
  ])('may be %s', (text, origin) => {
    expect(v.parse(baseUrlSchema, text)).toBe(origin);
  });

  test.each([
    '',
    '192.168.5.150:8088',
    'ftp://192.168.5.150',
    'https://',
    'https://pbx:99999',
    'https://pbx/api',
    'https://pbx//',
    'https://pbx?a=1',
    'https://pbx#a',
    'https://user:password@pbx',
    'https://a b',
    'https:pbx',
    'https://pbx\\api',
  ])('may not be %j', (text) => {
    expect(v.is(baseUrlSchema, text)).toBe(false);
  });
});

describe('a fingerprint', () => {
  test.each([
    ['as Node writes it', FINGERPRINT],
    ['in lower case', FINGERPRINT.toLowerCase()],
    ['without colons', PAIRS.join('')],
  ])('%s is valid', (_, text) => {
    expect(v.parse(fingerprintSchema, text)).toBe(FINGERPRINT);
  });

  test.each([
    ['of SHA-1', PAIRS.slice(0, 20).join(':')],
    ['that is too long', `${FINGERPRINT}:00`],
    ['with a colon too many', `${FINGERPRINT}:`],
    ['with another letter', FINGERPRINT.replace('00', '0G')],
    ['with the name of its algorithm', `sha256=${FINGERPRINT}`],
    ['that is empty', ''],
  ])('%s is not valid', (_, text) => {
    expect(v.is(fingerprintSchema, text)).toBe(false);
  });
});

describe('the TLS settings', () => {
  const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';

  test('require TLS 1.2 unless an older version is allowed', () => {
    expect(v.parse(tlsSchema, {})).toEqual({ minVersion: 'TLSv1.2' });
    expect(v.parse(tlsSchema, { minVersion: 'TLSv1' })).toEqual({ minVersion: 'TLSv1' });
  });

  test('have no way to skip the certificate check', () => {
    for (const skip of [
      { rejectUnauthorized: false },
      { insecure: true },
      { fingerprint256: '' },
      { ca: '' },
    ]) {
      expect(v.is(tlsSchema, skip)).toBe(false);
    }
  });

  test('have a CA certificate or a fingerprint, not both', () => {
    expect([{ ca }, { fingerprint256: FINGERPRINT }].map(isValidFor(tlsSchema))).toEqual([true, true]);
    expect(v.is(tlsSchema, { ca, fingerprint256: FINGERPRINT })).toBe(false);
  });
});

test('a time zone must be in the IANA database', () => {
  expect(['UTC', 'Europe/Berlin', 'Asia/Kathmandu'].map(isValidFor(pbxSettings.timeZone))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['', 'Berlin', 'Europe/Atlantis', 'GMT+25'].map(isValidFor(pbxSettings.timeZone))).not.toContain(
    true,
  );
});

test('the allowed address must be a single IP address', () => {
  expect(['203.0.113.7', '2001:db8::7'].map(isValidFor(sSeriesSettings.allowedIp))).toEqual([true, true]);
  expect(
    ['', '203.0.113.0/24', '203.0.113.7,203.0.113.8', 'pbx'].map(isValidFor(sSeriesSettings.allowedIp)),
  ).not.toContain(true);
});

test('a PBX that cannot report its calls is asked every 5 to 60 minutes', () => {
  const { discoverEveryMinutes } = pbxSettings;
  expect([undefined, 5, 20, 60].map(isValidFor(discoverEveryMinutes))).not.toContain(false);
  expect([0, 4, 7, 61, 7.5, '10'].map(isValidFor(discoverEveryMinutes))).not.toContain(true);
});

test('the largest recording is a whole number of MiB, up to what S3 accepts in parts of 5 MiB', () => {
  expect(v.parse(pbxSettings.maxRecordingMiB, undefined)).toBe(10_240);
  expect([1, 50_000].map(isValidFor(pbxSettings.maxRecordingMiB))).toEqual([true, true]);
  expect([0, -1, 1.5, 50_001, Number.NaN, '10'].map(isValidFor(pbxSettings.maxRecordingMiB))).not.toContain(
    true,
  );
});

describe('the address for reports', () => {
  test.each([
    'https://{host}',
    'http://{host}',
    '{host}',
    '{host}:8260',
    'https://hooks.example:8443',
    '192.168.5.20:8260',
  ])('may be %s', (text) => {
    expect(v.is(pbxSettings.reportUrl, text)).toBe(true);
  });

  test.each([
    '',
    'https://{host}/',
    'https://{host}/reports',
    'ftp://{host}',
    '{host}?a=1',
    '{host}#a',
    'a b',
    '{host}:99999',
    '{port}',
    '{Host}',
    '{host}?',
    'user:password@{host}',
    'http:{host}',
    'HTTPS://{host}',
  ])('may not be %j', (text) => {
    expect(v.is(pbxSettings.reportUrl, text)).toBe(false);
  });
});

describe('the registry', () => {
  const minimal = {
    baseUrl: 'https://192.0.2.1:8088/',
    reportUrl: '{host}',
    credentialsSecret: 'c',
    sessionSecret: 's',
    queueName: 'q',
  };
  const read = async (registry: object) => {
    await writeFile(file, JSON.stringify(registry));
    return readPbxRegistry(file);
  };

  test('fills in the defaults', async () => {
    const usual = {
      family: 's-series',
      apiVersion: 'v1.1.0',
      timeZone: 'UTC',
      tls: { minVersion: 'TLSv1.2' },
      maxRecordingMiB: 10_240,
    };
    expect(await read({ hq: minimal })).toEqual({
      hq: { ...minimal, ...usual, baseUrl: 'https://192.0.2.1:8088' },
    });
  });

  test('is rejected if it names an unknown family, or a setting of another one', async () => {
    await expect(read({ hq: { ...minimal, family: 'x-series' } })).rejects.toThrow(
      'hq.family: should be a family of PBXs, as listed in docs/configuration.md',
    );
    await expect(read({ hq: 'x-series' })).rejects.toThrow('hq: should be Object');
  });

  test('is rejected with all its problems at once, without a value', async () => {
    const bad = { ...minimal, baseUrl: 'https://user:hunter2@pbx', serialNumber: '', password: 'hunter2' };
    const reading = read({ hq: bad, 'Not an id': minimal });
    await expect(reading).rejects.toThrow(/hq\.baseUrl: [\s\S]*hq\.serialNumber: [\s\S]*hq\.password: /);
    await expect(reading).rejects.toThrow(/Not an id: should be 1 to 40/);
    await expect(reading).rejects.not.toThrow(/hunter2/);
  });
});
