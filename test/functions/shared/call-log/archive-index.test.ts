import {
  CreateBucketCommand,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import { createArchiveIndex } from '../../../../functions/shared/call-log/archive-index.ts';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import { useS3 } from '../../aws-services.ts';

const BUCKET = 'archive';

await useS3();
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const index = createArchiveIndex(s3, BUCKET);
const never = new AbortController().signal;

/** The names of the commands sent to S3. */
const requests: string[] = [];
/** How S3 lists: keys per page, and whether it encodes them and says so. */
const listing: { keys: number; encoding: 'told' | 'ignored' | 'told but ignored' } = {
  keys: 1000,
  encoding: 'told',
};
s3.middlewareStack.add(
  (next, { commandName = '' }) =>
    async (args) => {
      requests.push(commandName);
      if (commandName !== 'ListObjectsV2Command') return next(args);
      const { EncodingType, ...input } = args.input as ListObjectsV2CommandInput;
      expect(EncodingType).toBe('url');
      const asked = listing.encoding === 'told' ? { ...input, EncodingType } : input;
      const listed = await next({ ...args, input: { ...asked, MaxKeys: listing.keys } });
      const output = listed.output as ListObjectsV2CommandOutput;
      if (listing.encoding === 'told but ignored') output.EncodingType = 'url';
      // AWS encodes a space as "+", the embedded S3 as "%20".
      if (listing.encoding !== 'told') return listed;
      for (const object of output.Contents ?? []) object.Key = object.Key?.replaceAll('%20', '+');
      return listed;
    },
  { step: 'initialize' },
);
beforeEach(() => {
  requests.length = 0;
  Object.assign(listing, { keys: 1000, encoding: 'told' });
});

const store = (key: string) => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: '' }));
/** The MD5 of nothing (RFC 1321, A.5), in quotes. */
const EMPTY_ETAG = '"d41d8cd98f00b204e9800998ecf8427e"';
const onDay = (day: string, number: number | string) =>
  recordingKey('hq', `202605${day}120000-1.${number}-1-2-Internal.wav`);

describe('the archive index', () => {
  test('returns the keys that exist, with the time they were written, and leaves out the rest', async () => {
    const keys = [
      onDay('17', 1),
      onDay('17', 2),
      onDay('18', 3),
      recordingKey('hq', 'odd.wav'),
      recordingKey('hq', 'even.wav'),
    ];
    const [first = '', , third = '', odd = ''] = keys;
    const before = Math.floor(Date.now() / 1000) * 1000;
    for (const key of [first, third, odd]) await store(key);
    const found = await index.find(keys, never);
    expect([...found.keys()]).toEqual([first, third, odd]);
    for (const writtenAt of found.values()) {
      expect(writtenAt).toBeGreaterThanOrEqual(before);
      expect(writtenAt).toBeLessThanOrEqual(Date.now());
    }
  });

  test('lists each day once, however many keys it is asked for, and sends HEAD only for keys without a date', async () => {
    const days = Array.from({ length: 50 }, (_, number) => [onDay('19', number), onDay('20', number)]).flat();
    await index.find([...days, recordingKey('hq', 'a.wav'), recordingKey('hq', 'b.wav')], never);
    expect(requests.sort()).toEqual([
      'HeadObjectCommand',
      'HeadObjectCommand',
      'ListObjectsV2Command',
      'ListObjectsV2Command',
    ]);
  });

  test('sends no request when no keys are asked for', async () => {
    expect((await index.find([], never)).size).toBe(0);
    expect(requests).toEqual([]);
  });

  test('finds every object of a day whose listing has several pages', async () => {
    listing.keys = 2;
    const keys = Array.from({ length: 5 }, (_, number) => onDay('21', number));
    for (const key of keys) await store(key);
    requests.length = 0;
    expect((await index.find(keys, never)).size).toBe(5);
    expect(requests).toHaveLength(3);
  });

  test.each(['+49 30 901820', '100%25', 'a&b<c>"d"', '日本 📞', '\uFFFE', "it's", '*43#'])(
    'finds a name with %j in it',
    async (text) => {
      const key = onDay('22', text);
      await store(key);
      expect([...(await index.find([key, onDay('22', `${text} `)], never)).keys()]).toEqual([key]);
    },
  );

  test.each(['100%', '100%25', '%zz', 'a+b', 'a b', 'Zoë'])(
    'finds a name with %j in it when S3 ignores the encoding that is asked for',
    async (text) => {
      listing.encoding = 'ignored';
      const key = onDay('25', text);
      await store(key);
      const keys = [key, onDay('25', `${text}+`), onDay('25', encodeURIComponent(`${text} `))];
      expect([...(await index.find(keys, never)).keys()]).toEqual([key]);
    },
  );

  test('finds the other names of the day when S3 claims to have encoded a key, but has not', async () => {
    listing.encoding = 'told but ignored';
    const keys = [onDay('26', '100%'), onDay('26', 'plain')];
    for (const key of keys) await store(key);
    expect([...(await index.find(keys, never)).keys()]).toEqual(keys);
  });

  test('finds recordings under encoded keys, and sends HEAD for those without a date', async () => {
    const keys = [
      onDay('27', 'a\\b'),
      onDay('27', 'a/b'),
      recordingKey('hq', '.wav'),
      recordingKey('hq', '../x.wav'),
    ];
    for (const key of keys) await store(key);
    requests.length = 0;
    const others = [onDay('27', 'a%5Cb'), recordingKey('hq', '%2Ewav')];
    expect([...(await index.find([...keys, ...others], never)).keys()]).toEqual(keys);
    expect(requests.sort()).toEqual([
      'HeadObjectCommand',
      'HeadObjectCommand',
      'HeadObjectCommand',
      'ListObjectsV2Command',
      'ListObjectsV2Command',
    ]);
  });

  test('passes on a whole folder, and of the folders without a date only what it was asked for', async () => {
    const [dated, undated, other] = [
      onDay('28', 1),
      recordingKey('hq', 'c.wav'),
      recordingKey('hq', 'd.wav'),
    ];
    for (const key of [dated, undated, other]) await store(key);
    const seen: unknown[] = [];
    const watched = createArchiveIndex(s3, BUCKET, (listing) => void seen.push(listing));
    await watched.find([dated, undated, recordingKey('hq', 'gone.wav')], never);
    const object = (key: string) => ({ key, bytes: 0, etag: EMPTY_ETAG, writtenAt: expect.any(Number) });
    expect(seen).toEqual([
      { folder: 'recordings/hq/2026/05/28', objects: [object(dated)] },
      { objects: [object(undated)] },
    ]);
  });

  test('does not mistake a recording of one PBX for that of another', async () => {
    await store(onDay('23', 1));
    const others = onDay('23', 1).replace('/hq/', '/hq-2/');
    expect((await index.find([others], never)).size).toBe(0);
  });

  test('rejects when S3 fails and when it is aborted', async () => {
    const missing = createArchiveIndex(s3, 'no-such-bucket');
    await expect(missing.find([onDay('17', 1)], never)).rejects.toThrow();
    const wanted = [onDay('17', 1), recordingKey('hq', 'odd.wav')];
    for (const key of wanted) await expect(index.find([key], AbortSignal.abort())).rejects.toThrow();
  });
});
