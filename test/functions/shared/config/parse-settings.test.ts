import * as v from 'valibot';
import { expect, test } from 'vitest';
import { parseSettings } from '../../../../functions/shared/config/parse-settings.ts';

const schema = v.strictObject({
  NAME: v.string(),
  QUEUE_URL: v.pipe(v.string(), v.url()),
  MODE: v.picklist(['fast', 'slow']),
  SECONDS: v.pipe(v.string(), v.regex(/^\d+$/, 'should be whole seconds')),
  pbxs: v.optional(v.record(v.string(), v.strictObject({ port: v.pipe(v.number(), v.integer()) })), {}),
});
const valid = { NAME: 'a', QUEUE_URL: 'https://sqs.example/', MODE: 'fast', SECONDS: '60' };

/** The error message for an invalid input. */
function complaint(input: unknown): string {
  try {
    parseSettings('The environment', schema, input);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('The input is valid.');
}

test('valid settings are returned as the schema transforms them', () => {
  expect(parseSettings('The environment', schema, valid)).toEqual({ ...valid, pbxs: {} });
});

test('all problems are reported at once, each with its path', () => {
  const input = {
    QUEUE_URL: 'no url',
    MODE: 'medium',
    SECONDS: '1.5',
    EXTRA: 'x',
    pbxs: { hq: { port: 1.5, colour: 'red' }, branch: { port: '80' }, empty: {} },
  };
  const [heading, ...problems] = complaint(input).split('\n');
  expect(heading).toBe('The environment is not valid:');
  expect(problems.map((line) => line.trim()).sort()).toEqual([
    'EXTRA: is not a known setting',
    'MODE: should be ("fast" | "slow")',
    'NAME: is missing',
    'QUEUE_URL: should satisfy url',
    'SECONDS: should be whole seconds',
    'pbxs.branch.port: should be number',
    'pbxs.empty.port: is missing',
    'pbxs.hq.colour: is not a known setting',
    'pbxs.hq.port: should satisfy integer',
  ]);
});

test('no message contains a value', () => {
  const secret = 'hunter2';
  const inputs = [
    secret,
    [secret],
    { ...valid, QUEUE_URL: secret, MODE: secret, SECONDS: secret, EXTRA: secret, pbxs: secret },
    { ...valid, NAME: [secret], QUEUE_URL: { secret }, pbxs: { hq: { port: secret } } },
    { ...valid, pbxs: { hq: secret } },
  ];
  for (const input of inputs) expect(complaint(input)).not.toContain(secret);
});

test.each([undefined, null, 'text', 7])('an input that is not an object is one problem: %j', (input) => {
  expect(complaint(input)).toMatch(/^The environment is not valid:\n {2}\(root\): /);
});
