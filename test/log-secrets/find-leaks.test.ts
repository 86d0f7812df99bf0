import { expect, test } from 'vitest';
import { findLeaks } from './find-leaks.ts';

const TOKEN = { kind: 'session token', value: '4cb0c5a3b1d84f6e97e2b6d0f1a82c35' };
const line = (text: string) => ({ text, source: 'a.test.ts: prints' });

test.each([
  ['alone', TOKEN.value],
  ['at the end', `event=x token=${TOKEN.value}`],
  ['after its own first half', `${TOKEN.value.slice(0, 16)}${TOKEN.value}`],
])('a secret is found %s, and is reported without its value', (_, text) => {
  expect(findLeaks([line('nothing'), line(text)], [TOKEN])).toEqual([
    'session token in a line of a.test.ts: prints',
  ]);
});

test.each([
  ['percent-encoded, as in a URL', 'a b&c=d"e', '/login?password=%20p%20a%20b%26c%3Dd%22e'],
  ['escaped, as in a quoted string', 'a b&c=d"e', String.raw`{"password":" p a b&c=d\"e"}`],
])('a secret is found %s', (_, ending, text) => {
  const password = { kind: 'password', value: ` p ${ending}` };
  expect(findLeaks([line(text)], [password])).toEqual(['password in a line of a.test.ts: prints']);
});

test('of two secrets with the same beginning, the one that was printed is reported', () => {
  const other = { kind: 'random string', value: `${TOKEN.value.slice(0, 12)}-and-differently` };
  expect(findLeaks([line(other.value)], [TOKEN, other])).toEqual([
    'random string in a line of a.test.ts: prints',
  ]);
});

test('part of a secret and a secret as short as a word are not reported', () => {
  const short = { kind: 'password', value: 'secret' };
  expect(findLeaks([line(TOKEN.value.slice(0, -1)), line('a secret')], [TOKEN, short])).toEqual([]);
});
