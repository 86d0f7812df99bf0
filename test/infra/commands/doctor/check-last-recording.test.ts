import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import { checkLastRecording } from '../../../../infra/commands/doctor/check-last-recording.ts';
import { findNewestRecording } from '../../../../infra/commands/doctor/newest-recording.ts';
import { BUCKET, changeRequests, startEmbeddedS3 } from '../../local/s3/embedded-s3.ts';

const DAY_MS = 24 * 60 * 60_000;
const NOW = Date.parse('2026-03-02T12:00:00Z');

/** An archive with these recordings of head-office, stored one after the other, a second apart. */
async function archive(...recordings: string[]) {
  const s3 = await startEmbeddedS3();
  const store = async (recording: string) => {
    const Key = recordingKey('head-office', recording);
    await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));
    s3.clock.nowMs += 1000;
  };
  for (const recording of recordings) await store(recording);
  const find = (now = NOW) => findNewestRecording(s3.client, BUCKET, 'head-office', now);
  return { ...s3, client: s3.client, store, find };
}

/** Counts the requests, and has two objects or folders in each response. */
function cutPages(client: S3Client) {
  const requests: string[] = [];
  changeRequests(client, 'before signing', ({ query }) => {
    requests.push(query.prefix ?? '');
    return { query: { ...query, 'max-keys': '2' } };
  });
  return requests;
}

test('the newest recording is the last one that was archived of the last day with any', async () => {
  const newest = '20260302090000-1772442000.2-1001-1003-Internal.wav';
  const { find, clock } = await archive(
    'meeting.wav',
    '20260302100000-1772445600.3-1001-1003-Internal.wav',
    newest,
    // A backfill has archived these later.
    '20260301110000-1772362800.1-1001-1003-Internal.wav',
    '20251231110000-1767178800.1-1001-1003-Internal.wav',
  );
  expect(await find()).toEqual({ name: newest, archivedAt: clock.nowMs - 3000 });
});

describe('the newest recording is found', () => {
  const today = '20260302090000-1772442000.2-1001-1003-Internal.wav';

  test.each([
    ['another year', '20360101090000-2082790800.1-1001-1003-Internal.wav'],
    ['another month', '20261231090000-1798707600.1-1001-1003-Internal.wav'],
    ['the day after tomorrow', '20260304090000-1772614800.1-1001-1003-Internal.wav'],
  ])('although the PBX once took the day for one in the future: %s', async (_, future) => {
    const { find, store } = await archive('20251231110000-1767178800.1-1001-1003-Internal.wav', future);
    // Nothing was archived since.
    expect(await find()).toMatchObject({ name: future });
    await store(today);
    expect(await find()).toMatchObject({ name: today });
  });

  test('of a year all of whose other months are in the future', async () => {
    const lastYear = '20251231110000-1767178800.1-1001-1003-Internal.wav';
    const { find } = await archive('20261231090000-1798707600.1-1001-1003-Internal.wav', lastYear);
    expect(await find()).toMatchObject({ name: lastYear });
  });

  test('as long as the PBX takes the day for one in the future', async () => {
    const future = '20360101090000-2082790800.1-1001-1003-Internal.wav';
    expect(await (await archive(today, future)).find()).toMatchObject({ name: future });
  });

  test('of tomorrow, which has begun where the PBX is, whatever a backfill stores', async () => {
    const tomorrow = '20260303010000-1772499600.1-1001-1003-Internal.wav';
    expect(await (await archive(tomorrow, today)).find()).toMatchObject({ name: tomorrow });
  });

  test('of a PBX whose recordings have no dates in their names any more', async () => {
    const { find, store } = await archive(today, 'meeting-2.wav', 'meeting-1.wav');
    expect(await find()).toMatchObject({ name: 'meeting-1.wav' });
    await store('20260302093000-1772443800.4-1001-1003-Internal.wav');
    expect((await find())?.name).toMatch(/^20260302093000/);
  });

  test('whatever page it is on, if those without a date are many', async () => {
    const { client, clock, find } = await archive(today, 'c.wav', 'b.wav', 'd.wav', 'a.wav', 'e.wav');
    const requests = cutPages(client);
    // Weeks later.
    expect(await find(clock.nowMs + 20 * DAY_MS)).toMatchObject({ name: 'e.wav' });
    // a and b, c and d, e.
    expect(requests.filter((prefix) => prefix.endsWith('/undated/'))).toHaveLength(3);
  });

  test('without reading all of those without a date, if one of today is found', async () => {
    const { client, clock, find } = await archive('c.wav', 'b.wav', 'd.wav', 'a.wav', 'e.wav');
    const requests = cutPages(client);
    expect(await find(clock.nowMs)).toMatchObject({ name: 'a.wav' });
    expect(requests.filter((prefix) => prefix.endsWith('/undated/'))).toHaveLength(1);
  });

  test('with four requests, if all recordings are dated, and none into the future', async () => {
    const { client, find } = await archive(today);
    const requests = cutPages(client);
    await find();
    const root = 'recordings/head-office/';
    expect(requests).toEqual([root, `${root}2026/`, `${root}2026/03/`, `${root}2026/03/02/`]);
  });
});

test.each([
  ['without a date', 'meeting.wav'],
  ['that a key cannot contain', '20260302090000-1772442000.2-1001/2-*43#+%-Internal.wav'],
  ['with special characters', '20260302090000-1772442000.2-+49 30 1?-1003 %41 😀.wav'],
])('the true name of a recording %s is found', async (_, recording) => {
  expect(await (await archive(recording)).find()).toMatchObject({ name: recording });
});

test('the recordings of another PBX do not count', async () => {
  const { client, find } = await archive();
  const Key = recordingKey('head-office-2', '20260302090000-1772442000.2-1001-1003-Internal.wav');
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));
  expect(await find()).toBeUndefined();
});

test('a recording of the last two weeks is ok, and its name is not shown', () => {
  const archivedAt = Date.UTC(2026, 2, 2, 12);
  const result = checkLastRecording({ name: '…-+49 30 901820-….wav', archivedAt }, archivedAt + 14 * DAY_MS);
  expect(result.status).toBe('ok');
  expect(result.text).toMatch(/^archived at 2026-03-0\d \d\d:\d\d$/);
});

test('an older recording, or none, is a reason to make a call', () => {
  const archivedAt = Date.UTC(2026, 2, 2, 12);
  const old = checkLastRecording({ name: 'meeting.wav', archivedAt }, archivedAt + 14 * DAY_MS + 1);
  expect(old.status).toBe('to-do');
  expect(old.text).toMatch(/^Nothing has been archived since 2026-03-0\d \d\d:\d\d\. Make a recorded call\./);
  const none = checkLastRecording(undefined, archivedAt);
  expect(none.status).toBe('to-do');
  expect(none.text).toMatch(/^Nothing has been archived yet\. .*docs\/runbook\.md#nothing-archived\.$/);
});
