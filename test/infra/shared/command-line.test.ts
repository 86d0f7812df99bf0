import { afterEach, describe, expect, test, vi } from 'vitest';
import { flag, parseCommandLine, value } from '../../../infra/shared/command-line.ts';

const options = { pbx: value, ca: value, 'min-tls': value, exit: flag };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** What npm does: see `npm start --pbx URL --exit` with a script that prints arguments and environment. */
function runByNpm(script: string, swallowed: Record<string, string>) {
  vi.stubEnv('npm_lifecycle_event', script);
  for (const [name, setting] of Object.entries(swallowed)) vi.stubEnv(`npm_config_${name}`, setting);
}

describe('an option that npm has taken for itself is told, with the right command:', () => {
  test.each([
    [
      'with its value as an argument',
      'start',
      { pbx: 'true' },
      ['https://192.0.2.1'],
      'npm start -- --pbx ...',
    ],
    ['with its value after =', 'start', { pbx: 'https://192.0.2.1' }, [], 'npm start -- --pbx ...'],
    ['with a hyphen in its name', 'start', { min_tls: 'true' }, ['TLSv1'], 'npm start -- --min-tls ...'],
    ['without a value', 'start', { exit: 'true' }, [], 'npm start -- --exit ...'],
    ['in another script', 'backfill', { pbx: 'true' }, ['x'], 'npm run backfill -- --pbx ...'],
    ['before the -- of others', 'start', { pbx: 'true' }, ['https://192.0.2.1', '--exit'], '-- --pbx ...'],
  ])('%s', (_, script, swallowed, args, command) => {
    runByNpm(script, swallowed);
    expect(() => parseCommandLine({ args, options })).toThrow(
      /^npm took --[\w-]+ for itself\. Put -- before the options: npm /,
    );
    expect(() => parseCommandLine({ args, options })).toThrow(command);
  });
});

test.each([
  [
    'an option that is given as it should be',
    { pbx: 'true' },
    ['--pbx', 'https://192.0.2.1'],
    { pbx: 'https://192.0.2.1' },
  ],
  ['the same with =', { pbx: 'true' }, ['--pbx=https://192.0.2.1'], { pbx: 'https://192.0.2.1' }],
  ["npm's own setting for its certificates", { ca: '-----BEGIN CERTIFICATE-----' }, [], {}],
  ['an empty setting', { pbx: '' }, [], {}],
])('%s is accepted', (_, settings, args, expected) => {
  runByNpm('start', settings);
  expect({ ...parseCommandLine({ args, options }).values }).toEqual(expected);
});
