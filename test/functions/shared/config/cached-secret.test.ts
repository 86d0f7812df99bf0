import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createCachedSecret } from '../../../../functions/shared/config/cached-secret.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A secret that a test can rotate or make unreadable, and a clock that it can set. */
function createHarness() {
  const harness = { secret: 'first', now: 0, fetches: 0, failure: undefined as Error | undefined };
  const fetch = async () => {
    harness.fetches += 1;
    if (harness.failure !== undefined) throw harness.failure;
    return harness.secret;
  };
  return Object.assign(
    harness,
    createCachedSecret(fetch, () => harness.now),
  );
}

test('only the secret matches', async () => {
  const harness = createHarness();
  expect(await harness.matches('first')).toBe(true);
  for (const wrong of ['', 'First', 'firs', 'first ', 'ﬁrst'])
    expect(await harness.matches(wrong)).toBe(false);
});

test('of several values each one matches, and nothing else', async () => {
  const { matches } = createCachedSecret(
    async () => ['short', 'short-and-long'],
    () => 0,
  );
  for (const right of ['short', 'short-and-long']) expect(await matches(right)).toBe(true);
  for (const wrong of ['', 'shor', 'short-', 'short-and-lon']) expect(await matches(wrong)).toBe(false);
});

test('the secret is fetched at its first use, then every five minutes', async () => {
  const harness = createHarness();
  expect(harness.fetches).toBe(0);
  for (let second = 0; second < 300; second++) {
    harness.now = second * SECOND;
    expect(await harness.matches('first')).toBe(true);
  }
  expect(harness.fetches).toBe(1);
  harness.now = 5 * MINUTE;
  expect(await harness.matches('first')).toBe(true);
  expect(harness.fetches).toBe(2);
});

describe('a rotation', () => {
  test('is noticed when the new secret is first used', async () => {
    const harness = createHarness();
    await harness.matches('first');
    harness.secret = 'second';
    harness.now = MINUTE;
    expect(await harness.matches('second')).toBe(true);
    expect(await harness.matches('first')).toBe(false);
  });

  test('invalidates the old secret within five minutes', async () => {
    const harness = createHarness();
    await harness.matches('first');
    harness.secret = 'second';
    harness.now = 5 * MINUTE;
    expect(await harness.matches('first')).toBe(false);
  });

  test('right after a fetch is noticed a minute later', async () => {
    const harness = createHarness();
    await harness.matches('guess');
    harness.secret = 'second';
    harness.now = MINUTE - 1;
    expect(await harness.matches('second')).toBe(false);
    harness.now = MINUTE;
    expect(await harness.matches('second')).toBe(true);
  });
});

test('wrong guesses cause at most one fetch a minute', async () => {
  const harness = createHarness();
  for (let second = 0; second < 600; second++) {
    harness.now = second * SECOND;
    expect(await harness.matches(`guess ${second}`)).toBe(false);
  }
  expect(harness.fetches).toBe(10);
});

describe('while the secret cannot be fetched', () => {
  test('nobody is let in, and nobody is rejected', async () => {
    const harness = createHarness();
    harness.failure = new Error('Secrets Manager is not there.');
    await expect(harness.matches('first')).rejects.toBe(harness.failure);
    await expect(harness.matches('guess')).rejects.toBe(harness.failure);
  });

  test('whoever knows the cached secret is let in', async () => {
    const harness = createHarness();
    await harness.matches('first');
    harness.failure = new Error('Secrets Manager is not there.');
    harness.now = 4 * MINUTE;
    await expect(harness.matches('guess')).rejects.toBe(harness.failure);
    expect(await harness.matches('first')).toBe(true);
  });

  test('it is fetched once in five seconds, however many guesses arrive', async () => {
    const harness = createHarness();
    harness.failure = new Error('Secrets Manager is not there.');
    for (let tenth = 0; tenth < 600; tenth++) {
      harness.now = (tenth * SECOND) / 10;
      await expect(harness.matches(`guess ${tenth}`)).rejects.toBe(harness.failure);
    }
    expect(harness.fetches).toBe(12);
    harness.failure = undefined;
    harness.now = MINUTE;
    expect(await harness.matches('first')).toBe(true);
  });
});

test('what is derived from the digest is found with the new secret after a rotation, and no longer with the old one', async () => {
  const harness = createHarness();
  const digestOf = (text: string) => createHash('sha256').update(text).digest();
  expect(await harness.digest()).toEqual(digestOf('first'));
  const isFrom = (secret: string) => (digest: Buffer) => digest.equals(digestOf(secret)) || undefined;
  harness.secret = 'second';
  expect(await harness.tryDigests(isFrom('first'))).toBe(true);
  harness.now = MINUTE;
  expect(await harness.tryDigests(isFrom('second'))).toBe(true);
  expect(await harness.tryDigests(isFrom('first'))).toBeUndefined();
  expect(await harness.digest()).toEqual(digestOf('second'));
});
