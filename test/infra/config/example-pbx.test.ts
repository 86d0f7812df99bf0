import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { findExamplePbx } from '../../../infra/config/example-pbx.ts';

const REAL_FINGERPRINT =
  'B8:5C:2F:01:9E:77:D4:30:6A:EE:15:C3:48:9B:F2:0D:61:A7:5E:84:3C:D9:12:BF:70:26:E8:4B:93:CA:57:1F';
const exampleIn = (settings: object) =>
  findExamplePbx(
    readArchiveConfig({ pbxs: { warehouse: { baseUrl: 'https://10.0.0.5:8088' }, ...settings } }),
  );

test('the PBX of cdk.json is an example, and the sentence says what to put where', () => {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
  const sentence = findExamplePbx(readArchiveConfig(context.archive)) ?? '';
  expect(sentence).toMatch(/pbxs\.head-office.*203\.0\.113\.10.*baseUrl.*tls\.fingerprint256/);
  expect(sentence.split('\n')).toHaveLength(1);
});

test.each([
  'https://192.0.2.1:8088',
  'https://198.51.100.77',
  'https://[2001:db8::5]:8088',
  'https://pbx.example.com',
  'https://pbx.example',
  'https://pbx.invalid',
])('%s is an example, because nobody can have this address', (baseUrl) => {
  expect(exampleIn({ office: { baseUrl } })).toMatch(
    /pbxs\.office, replace \S+ in baseUrl by the address of your PBX as AWS reaches it \(/,
  );
});

test.each(['00'.repeat(32), 'FF'.repeat(32), 'AB:CD:'.repeat(16).slice(0, -1)])(
  'the fingerprint %s is a placeholder',
  (fingerprint256) => {
    expect(exampleIn({ office: { baseUrl: 'https://10.0.0.6:8088', tls: { fingerprint256 } } })).toMatch(
      /pbxs\.office, replace tls\.fingerprint256/,
    );
  },
);

test.each([
  { baseUrl: 'https://192.168.5.150:8088', tls: { fingerprint256: REAL_FINGERPRINT } },
  { baseUrl: 'https://203.0.114.10:8088' },
  { baseUrl: 'https://pbx.myexample.com' },
  { baseUrl: 'https://[2001:4860::5]:8088' },
  { baseUrl: 'https://pbx.test.acme.com' },
])('%j is none', (office) => {
  expect(exampleIn({ office })).toBeUndefined();
});
