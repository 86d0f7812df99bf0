import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import { checkLastRecording } from '../../../../infra/commands/doctor/check-last-recording.ts';
import { findNewestRecording } from '../../../../infra/commands/doctor/newest-recording.ts';
import { BUCKET, startEmbeddedS3 } from '../../local/s3/embedded-s3.ts';

const DAY_MS = 24 * 60 * 60_000;

/** An archive with these recordings of head-office, stored one after the other, a second apart. */
async function archive(...recordings: string[]) {
  const s3 = await startEmbeddedS3();
  for (const recording of recordings) {
    const Key = recordingKey('head-office', recording);
    await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));
    s3.clock.nowMs += 1000;
  }
  return { ...s3, client: s3.client, find: () => findNewestRecording(s3.client, BUCKET, 'head-office') };
}

test('the newest recording is the last one that was archived of the last day with any', async () => {
  const newest = '20260302090000-1772442000.2-1001-1003-Internal.wav';
  const { find, clock } = await archive(
    '20260302100000-1772445600.3-1001-1003-Internal.wav',
    newest,
    // A backfill has archived these later.
    '20260301110000-1772362800.1-1001-1003-Internal.wav',
    '20251231110000-1767178800.1-1001-1003-Internal.wav',
    'meeting.wav',
  );
  expect(await find()).toEqual({ name: newest, archivedAt: clock.nowMs - 4000 });
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
