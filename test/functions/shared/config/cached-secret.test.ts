import { describe, expect, test } from 'vitest';
import { createCachedSecret } from '../../../../functions/shared/config/cached-secret.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A secret that a test can rotate or put out of reach, and a clock that it can turn. */
function createBench() {
  const bench = { secret: 'first', now: 0, fetches: 0, failure: undefined as Error | undefined };
  const fetch = async () => {
    bench.fetches += 1;
    if (bench.failure !== undefined) throw bench.failure;
    return bench.secret;
  };
  const { matches } = createCachedSecret(fetch, () => bench.now);
  return Object.assign(bench, { matches });
}

test('only the secret matches', async () => {
  const bench = createBench();
  expect(await bench.matches('first')).toBe(true);
  for (const wrong of ['', 'First', 'firs', 'first ', 'ﬁrst']) expect(await bench.matches(wrong)).toBe(false);
});

test('the secret is fetched at its first use, and then once in five minutes', async () => {
  const bench = createBench();
  expect(bench.fetches).toBe(0);
  for (let second = 0; second < 300; second++) {
    bench.now = second * SECOND;
    expect(await bench.matches('first')).toBe(true);
  }
  expect(bench.fetches).toBe(1);
  bench.now = 5 * MINUTE;
  expect(await bench.matches('first')).toBe(true);
  expect(bench.fetches).toBe(2);
});

describe('a rotation', () => {
  test('is noticed when the new secret comes', async () => {
    const bench = createBench();
    await bench.matches('first');
    bench.secret = 'second';
    bench.now = MINUTE;
    expect(await bench.matches('second')).toBe(true);
    expect(await bench.matches('first')).toBe(false);
  });

  test('ends the old secret after five minutes at the latest', async () => {
    const bench = createBench();
    await bench.matches('first');
    bench.secret = 'second';
    bench.now = 5 * MINUTE;
    expect(await bench.matches('first')).toBe(false);
  });

  test('right after a fetch is noticed a minute later', async () => {
    const bench = createBench();
    await bench.matches('guess');
    bench.secret = 'second';
    bench.now = MINUTE - 1;
    expect(await bench.matches('second')).toBe(false);
    bench.now = MINUTE;
    expect(await bench.matches('second')).toBe(true);
  });
});

test('a guesser makes the secret fetched once a minute, and no more', async () => {
  const bench = createBench();
  for (let second = 0; second < 600; second++) {
    bench.now = second * SECOND;
    expect(await bench.matches(`guess ${second}`)).toBe(false);
  }
  expect(bench.fetches).toBe(10);
});

describe('while the secret cannot be fetched', () => {
  test('nobody is let in, and nobody is refused', async () => {
    const bench = createBench();
    bench.failure = new Error('Secrets Manager is not there.');
    await expect(bench.matches('first')).rejects.toBe(bench.failure);
    await expect(bench.matches('guess')).rejects.toBe(bench.failure);
  });

  test('who knows the secret in memory is let in', async () => {
    const bench = createBench();
    await bench.matches('first');
    bench.failure = new Error('Secrets Manager is not there.');
    bench.now = 4 * MINUTE;
    await expect(bench.matches('guess')).rejects.toBe(bench.failure);
    expect(await bench.matches('first')).toBe(true);
  });

  test('it is asked for once in five seconds, however many guesses come', async () => {
    const bench = createBench();
    bench.failure = new Error('Secrets Manager is not there.');
    for (let tenth = 0; tenth < 600; tenth++) {
      bench.now = (tenth * SECOND) / 10;
      await expect(bench.matches(`guess ${tenth}`)).rejects.toBe(bench.failure);
    }
    expect(bench.fetches).toBe(12);
    bench.failure = undefined;
    bench.now = MINUTE;
    expect(await bench.matches('first')).toBe(true);
  });
});
