import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import { createLoginStore } from '../../../../functions/shared/session/login-store.ts';
import { useS3 } from '../../aws-services.ts';

const BUCKET = 'archive';
await useS3();
const s3 = createS3Client();
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const state = (id: string) => ({ session: 'v1', login: { id, until: 1, failures: 1 } });

test('a state is replaced by exactly one of many functions, the first one as well as every later one', async () => {
  const store = createLoginStore(s3, BUCKET, 'race');
  for (const round of ['first', 'second']) {
    const before = await store.read();
    const states = Array.from({ length: 8 }, (_, n) => state(`${round} ${n}`));
    const outcomes = await Promise.all(states.map((next) => store.replace(before, next)));
    const winners = outcomes.filter((outcome) => outcome !== undefined);
    expect(winners).toHaveLength(1);
    expect(await store.read()).toEqual(winners[0]);
  }
});

test('a write that is repeated after its response was lost succeeds', async () => {
  const store = createLoginStore(s3, BUCKET, 'again');
  const before = await store.read();
  const written = await store.replace(before, state('mine'));
  expect(await store.replace(before, state('mine'))).toEqual(written);
  expect(await store.replace(before, state('another'))).toBeUndefined();
});

test('a state that cannot be read counts as empty and can be replaced', async () => {
  const store = createLoginStore(s3, BUCKET, 'spoilt');
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'sessions/spoilt.json', Body: '{"login":' }));
  const before = await store.read();
  expect(before.state).toEqual({});
  expect(await store.replace(before, state('mine'))).toBeDefined();
});

test('a bucket that does not exist is an error, not an empty state', async () => {
  const store = createLoginStore(s3, 'nowhere', 'hq');
  await expect(store.read()).rejects.toMatchObject({ name: 'NoSuchBucket' });
  await expect(store.replace({ etag: undefined, state: {} }, {})).rejects.toMatchObject({
    name: 'NoSuchBucket',
  });
});
