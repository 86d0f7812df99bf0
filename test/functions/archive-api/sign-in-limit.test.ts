import { describe, expect, test } from 'vitest';
import { createSignInLimit } from '../../../functions/archive-api/sign-in-limit.ts';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { ACCESS_TABLE } from '../../../functions/shared/config/tables.ts';
import { useDynamoDb } from '../aws-services.ts';

await useDynamoDb({ access: ACCESS_TABLE });
const clock = { now: 0 };
const limit = createSignInLimit(createDynamoDbClient(), 'access', () => clock.now);

/** Whether attempts from an address are admitted at these times (seconds). */
async function attempt(address: string, ...seconds: number[]): Promise<boolean[]> {
  const admitted: boolean[] = [];
  for (const second of seconds) {
    clock.now = second * 1000;
    admitted.push((await limit.begin(address)) !== undefined);
  }
  return admitted;
}

test('any minute has at most five attempts, wherever it begins', async () => {
  expect(await attempt('192.0.2.1', 0, 50, 51, 52, 53, 54, 59, 60, 61, 109)).toEqual([
    ...[true, true, true, true, true, false, false],
    // The first one is over.
    ...[true, false, false],
  ]);
  expect(await attempt('192.0.2.1', 200)).toEqual([true]);
});

describe('attempts count together', () => {
  test.each([
    ['of one IPv6 network', '2001:db8:0:1::1', '2001:db8:0:1:ffff::2'],
    ['of one IPv6 network in another spelling', '2001:db8::1:2:3:4', '2001:DB8:0000:0:5::6'],
  ])('%s', async (_, first, second) => {
    await attempt(first, ...Array(5).fill(1000));
    expect(await attempt(second, 1001)).toEqual([false]);
  });

  test.each([
    ['of two IPv4 addresses', '192.0.2.2', '192.0.2.3'],
    ['of two IPv6 networks', '2001:db8:0:2::1', '2001:db8:0:3::1'],
    ['of two mapped addresses', '::ffff:192.0.2.4', '::ffff:192.0.2.5'],
  ])('not %s', async (_, first, second) => {
    await attempt(first, ...Array(5).fill(1000));
    expect(await attempt(second, 1001)).toEqual([true]);
  });
});

test('an attempt that was not a wrong one is forgotten, and no other', async () => {
  clock.now = 0;
  const attempts = await Promise.all(Array.from({ length: 5 }, () => limit.begin('192.0.2.9')));
  await attempts[2]?.forget();
  expect(await attempt('192.0.2.9', 1, 2)).toEqual([true, false]);
});
