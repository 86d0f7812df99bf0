import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createArchiveIndex } from '../../../../functions/shared/call-log/archive-index.ts';
import { type FindDeps, findMissing } from '../../../../functions/shared/call-log/find-missing.ts';
import { windowOf } from '../../../../functions/shared/call-log/windows.ts';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import { compareDays, type DayComparison } from '../../../../infra/commands/backfill/compare-days.ts';
import { startPSeriesHarness } from '../../../infra/simulated-pbx/p-series-harness.ts';
import { useS3 } from '../../aws-services.ts';
import { pSeriesClientOf } from '../pbx/p-series/p-series-client.ts';
import { startSession } from '../session/session-harness.ts';

const CALL = { from: '5550100', to: '2001', type: 'Inbound', talkSeconds: 1 } as const;

await useS3();
const s3 = new S3Client({ forcePathStyle: true });

async function start() {
  const { pbx, clock } = await startPSeriesHarness();
  const client = pSeriesClientOf(pbx);
  const account = { family: 'p-series', username: 'client-id', password: 'client-secret' } as const;
  const { session } = await startSession(client, { clock, ...account });
  const bucket = randomUUID();
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const deps: FindDeps = {
    pbxId: 'test',
    client,
    session,
    archive: createArchiveIndex(s3, bucket),
    timeZone: 'UTC',
    now: () => clock.now,
    signal: new AbortController().signal,
  };
  return { pbx, clock, session, bucket, deps };
}

test('what a P-Series lists and the archive does not have becomes a job', async () => {
  const { pbx, clock, session, bucket, deps } = await start();
  const stored = pbx.makeCall(CALL);
  const Key = recordingKey('test', stored.recording);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'RIFF' }));
  const { recording, callId, bytes } = pbx.makeCall(CALL);
  // The token dies before the list is read.
  await session.current();
  pbx.dropTokens();
  const comparison = await findMissing(windowOf('2025-10-09'), deps);
  expect(comparison).toMatchObject({ found: 2, present: 1, unreadable: 0 });
  expect(comparison.missing).toMatchObject([
    {
      job: {
        recording,
        call: { callId, from: '5550100', to: '2001' },
        foundBy: 'reconciliation',
        listedBytes: bytes.length,
        endedAt: new Date(clock.now).toISOString(),
      },
    },
  ]);
});

test('a call around midnight counts on one day only, although the searches for both days find it', async () => {
  const { pbx, deps } = await start();
  const starts = ['2025-10-07T12:00', '2025-10-07T23:30', '2025-10-08T00:30', '2025-10-08T12:00'];
  const calls = starts.map((at) => pbx.makeCall({ ...CALL, startedAt: Date.parse(`${at}Z`) }));
  const days: DayComparison[] = [];
  for await (const day of compareDays('2025-10-07', '2025-10-08', deps)) days.push(day);
  expect(days.reduce((sum, { found }) => sum + found, 0)).toBe(4);
  expect(days.flatMap(({ missing }) => missing.map(({ job }) => job.recording))).toEqual(
    calls.map(({ recording }) => recording),
  );
});
