import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { createDynamoDbClient } from '../../../../functions/shared/aws-clients.ts';
import { ACCESS_TABLE } from '../../../../functions/shared/config/tables.ts';
import { hashPasscode } from '../../../../functions/shared/shares/passcode.ts';
import { MAX_WRONG_PASSCODES } from '../../../../functions/shared/shares/share.ts';
import { createShareStore, shareCursorSchema } from '../../../../functions/shared/shares/share-store.ts';
import { FEWER_RUNS, fc } from '../../../property.ts';
import { useDynamoDb } from '../../aws-services.ts';
import { daysLater, exampleShare, NOW } from './example-share.ts';

await useDynamoDb({ access: ACCESS_TABLE });
let now = NOW;
const store = createShareStore(createDynamoDbClient(), 'access', () => now);
const KEEP_UNTIL = daysLater(400);

async function createExample(change: Parameters<typeof exampleShare>[0] = {}) {
  const share = exampleShare(change);
  await store.create(share, KEEP_UNTIL);
  return share;
}

/** A new name, so that a test lists its own shares only. */
let names = 0;
const newName = () => `name ${names++}`;

test('a share is found by its id, as it was created', async () => {
  const share = await createExample({
    note: 'For the insurance',
    maxPlays: 3,
    passcode: await hashPasscode('correct horse'),
    authority: { by: 'jwt', roles: ['sales'] },
  });
  expect(await store.find(share.id)).toEqual(share);
  expect(await store.find('0'.repeat(64))).toBeUndefined();
});

test('a share whose row may be deleted is not found any more, even while DynamoDB still has it', async () => {
  const share = await createExample();
  now = KEEP_UNTIL - 1000;
  expect(await store.find(share.id)).toBeDefined();
  now = KEEP_UNTIL;
  expect(await store.find(share.id)).toBeUndefined();
  expect((await store.ofPerson('Ada', { limit: 100 })).items).toEqual([]);
  now = NOW;
});

test('an opening is counted', async () => {
  const share = await createExample();
  expect(await store.countPlay(share)).toEqual({ ...share, plays: 1 });
  expect(await store.countPlay(share)).toEqual({ ...share, plays: 2 });
  expect(await store.find(share.id)).toEqual({ ...share, plays: 2 });
});

test('a share that has ended, was revoked or never existed counts no opening', async () => {
  const ended = await createExample();
  now = Date.parse(ended.endsAt);
  expect(await store.countPlay(ended)).toBeUndefined();
  now -= 1;
  expect(await store.countPlay(ended)).toBeDefined();
  now = NOW;

  const revoked = await createExample();
  await store.revoke(revoked);
  expect(await store.countPlay(revoked)).toBeUndefined();

  const missing = exampleShare();
  expect(await store.countPlay(missing)).toBeUndefined();
  expect(await store.find(missing.id)).toBeUndefined();
});

test('of any number of openings at once, exactly as many succeed as the share allows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 12 }),
      async (maxPlays, openings) => {
        const share = await createExample({ maxPlays });
        const opened = await Promise.all(Array.from({ length: openings }, () => store.countPlay(share)));
        const expected = Math.min(maxPlays, openings);
        expect(opened.filter(Boolean)).toHaveLength(expected);
        expect((await store.find(share.id))?.plays).toBe(expected);
      },
    ),
    FEWER_RUNS,
  );
});

test('after a revocation, no opening succeeds, whatever happens at once', async () => {
  const share = await createExample({ maxPlays: 100 });
  const openings = Array.from({ length: 20 }, () => store.countPlay(share));
  const { revoked } = await store.revoke(share);
  await Promise.all(openings);
  const after = await Promise.all(Array.from({ length: 5 }, () => store.countPlay(share)));
  expect(after).toEqual(Array(5).fill(undefined));
  expect(revoked.revokedAt).toBe(new Date(NOW).toISOString());
});

test('a second revocation does not change the time of the first', async () => {
  const share = await createExample();
  const first = await store.revoke(share);
  expect(first.isNew).toBe(true);
  now = daysLater(1);
  expect(await store.revoke(share)).toEqual({ ...first, isNew: false });
  now = NOW;
});

test('no more passcodes can be tried at once than one after the other', async () => {
  const share = await createExample({ passcode: await hashPasscode('correct horse') });
  const attempts = await Promise.all(Array.from({ length: 50 }, () => store.takePasscodeAttempt(share)));
  expect(attempts.filter(Boolean)).toHaveLength(MAX_WRONG_PASSCODES);
  expect(await store.takePasscodeAttempt(share)).toBe(false);
});

test('an opening takes its attempt back', async () => {
  const share = await createExample({ passcode: await hashPasscode('correct horse') });
  for (let opening = 1; opening <= 2 * MAX_WRONG_PASSCODES; opening++) {
    expect(await store.takePasscodeAttempt(share)).toBe(true);
    expect(await store.countPlay(share)).toBeDefined();
  }
  expect(await store.find(share.id)).toMatchObject({ plays: 20, wrongPasscodes: 0 });
});

test('shares are listed by recording and by person, newest first and page by page', async () => {
  const [recording, person] = [newName(), newName()];
  const shares = [];
  for (let day = 0; day < 5; day++) {
    const createdAt = new Date(daysLater(-day)).toISOString();
    shares.push(await createExample({ recording, person, createdAt }));
    await createExample({ recording: newName(), person: newName(), createdAt });
  }
  const lists = [
    (page: { limit: number; before?: string | undefined }) => store.ofRecording('hq', recording, page),
    (page: { limit: number; before?: string | undefined }) => store.ofPerson(person, page),
  ];
  for (const list of lists) {
    for (const limit of [1, 2, 3, 5, 100]) {
      const listed = [];
      let cursor: string | undefined;
      do {
        const page = await list({ limit, before: v.parse(shareCursorSchema, cursor) });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        listed.push(...page.items);
        ({ cursor } = page);
      } while (cursor !== undefined);
      expect(listed).toEqual(shares);
    }
  }
  expect((await store.ofRecording('warehouse', recording, { limit: 10 })).items).toEqual([]);
});

describe('a response of DynamoDB that is lost on its way', () => {
  // The SDK then repeats the request, which DynamoDB has carried out.
  test('uses up no other opening', async () => {
    await using lossy = await startLossyProxy();
    const share = await createExample({ maxPlays: 2 });
    lossy.loseNext();
    expect(await lossy.store.countPlay(share)).toEqual({ ...share, plays: 1 });
    lossy.loseNext();
    expect(await lossy.store.countPlay(share)).toEqual({ ...share, plays: 2 });
    expect(await lossy.store.countPlay(share)).toBeUndefined();
    expect(lossy.lost).toBe(2);
  });

  test('leaves a revocation new, so that it is logged', async () => {
    await using lossy = await startLossyProxy();
    const share = await createExample();
    lossy.loseNext();
    expect(await lossy.store.revoke(share)).toEqual({
      revoked: { ...share, revokedAt: new Date(NOW).toISOString() },
      isNew: true,
    });
    expect(lossy.lost).toBe(1);
  });

  test('uses up one passcode, not two', async () => {
    await using lossy = await startLossyProxy();
    const share = await createExample({ passcode: await hashPasscode('correct horse') });
    for (let attempt = 1; attempt <= MAX_WRONG_PASSCODES; attempt++) {
      lossy.loseNext();
      expect(await lossy.store.takePasscodeAttempt(share)).toBe(true);
    }
    expect(await lossy.store.takePasscodeAttempt(share)).toBe(false);
  });
});

/** A store whose requests reach DynamoDB through a proxy, which can hang up instead of passing on a response. */
async function startLossyProxy() {
  const target = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '';
  let losing = false;
  let lost = 0;
  const proxy = createServer(async (request, response) => {
    const answer = await fetch(target, {
      method: 'POST',
      headers: Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => /^(x-amz|authorization|content-type)/.test(name)),
      ) as Record<string, string>,
      body: await buffer(request),
    });
    const body = await answer.bytes();
    if (losing) {
      losing = false;
      lost += 1;
      response.destroy();
    } else response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const client = createDynamoDbClient();
  const store = createShareStore(client, 'access', () => NOW);
  // The endpoint is read with the first request.
  await store.find('0'.repeat(64));
  process.env.AWS_ENDPOINT_URL_DYNAMODB = target;
  return {
    store,
    loseNext: () => {
      losing = true;
    },
    get lost() {
      return lost;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
