import fc from 'fast-check';

const { PROPERTY_SEED = '1', PROPERTY_RUNS = '200' } = process.env;

// The inputs are the same in every run, so that a new failure is caused by a change. For other and more inputs:
// PROPERTY_SEED=$RANDOM PROPERTY_RUNS=5000 npx vitest run property --testTimeout 600000
// A failing property prints its seed and the path that replays it.
fc.configureGlobal({ seed: Number(PROPERTY_SEED), numRuns: Number(PROPERTY_RUNS) });

/** For slow properties, which send requests. */
export const FEWER_RUNS = { numRuns: Math.ceil(Number(PROPERTY_RUNS) / 4) };

export { fc };

/** Any JavaScript string, lone surrogates included. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.array(fc.nat({ max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

/** Input that attacks a server which puts text into paths, headers, URLs or queries. */
const BAIT = [
  '..',
  '../',
  '..\\',
  '/',
  '%2e%2e%2f',
  '%00',
  '\0',
  '\r\n',
  '\r\nSet-Cookie: a=b',
  '\n',
  '"',
  "'",
  '\\',
  ';',
  '; filename=a.exe',
  '%',
  '%0d%0a',
  '+',
  '&',
  '=',
  '?',
  '#',
  '\u2028',
  '\uFEFF',
  '\uFFFE',
  '\u202E',
  '=?utf-8?q?a?=',
  '__proto__',
  'constructor',
  'é',
  '📞',
  '20170901181806-1504261084.7-1001-1003-Internal.wav',
  '20170901',
  '.wav',
  '.',
  ' ',
  '*',
];

/** Text made of such pieces and arbitrary ones. */
export const hostileText = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...BAIT) }, anyText), { maxLength: 6 })
  .map((pieces) => pieces.join(''));
