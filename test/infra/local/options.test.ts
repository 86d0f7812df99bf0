import { expect, test } from 'vitest';
import { readOptions } from '../../../infra/local/options.ts';

test.each([
  ['--family', 'p-series'],
  ['--username', 'api'],
  ['--fingerprint', 'AB:CD'],
  ['--ca', 'pbx.pem'],
  ['--min-tls', 'TLSv1'],
  ['--http-pbx'],
  ['--api-version', 'v2.0.0'],
  ['--report-url', '192.0.2.1'],
  ['--retry-login'],
  ['--serial', '369362089179'],
  ['--time-zone', 'Europe/Berlin'],
  ['--report-authentication', 'path'],
  ['--discover', '5'],
])('%s needs --pbx', (...args) => {
  expect(() => readOptions(args)).toThrow(
    `${args[0]} needs --pbx, the address of your PBX. Without it, the PBX is simulated.`,
  );
});

test.each([['--demo', 'p-series'], ['--calls', '2'], ['--exit']])('%s is refused with --pbx', (...args) => {
  expect(() => readOptions(['--pbx', 'https://192.0.2.1', '--username', 'api', ...args])).toThrow(
    `${args[0]} is for the simulated PBX. Leave it out, or leave out --pbx.`,
  );
});

test('--demo and --family name one that is known', () => {
  expect(() => readOptions(['--demo', 'openvox'])).toThrow('--demo should be s-series, p-series or mixed');
  const families = '--family should be s-series, cloud-pbx, openvox or p-series';
  expect(() => readOptions(['--family', 'x-series'])).toThrow(families);
});

test('--help is accepted with any other option', () => {
  expect(readOptions(['--help', '--username', 'api'])).toMatchObject({ help: true });
});
