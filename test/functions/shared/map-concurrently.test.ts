import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { mapConcurrently } from '../../../functions/shared/map-concurrently.ts';

test('every item is processed, at most the given number at a time, and the results keep their order', async () => {
  let [running, most] = [0, 0];
  const results = await mapConcurrently([5, 1, 4, 2, 3], 2, async (turns) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    running -= 1;
    return turns * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

test('after a failure no further item starts, running ones are awaited, and the first error is thrown', async () => {
  const begun: number[] = [];
  let ended = 0;
  const working = mapConcurrently([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('the first');
    await setImmediate();
    ended += 1;
    throw new Error('another');
  });
  await expect(working).rejects.toThrow('the first');
  expect(begun).toEqual([1, 2]);
  expect(ended).toBe(1);
});

test('an empty list needs no work', async () => {
  expect(await mapConcurrently([], 2, () => Promise.reject(new Error('unexpected')))).toEqual([]);
});
