import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as v from 'valibot';
import { onTestFinished, vi } from 'vitest';
import { createArchiveIndex } from '../../../../functions/shared/call-log/archive-index.ts';
import { pbxSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { type MarkerKind, markerKey } from '../../../../functions/shared/recordings/markers.ts';
import { createRecordingStore } from '../../../../functions/shared/recordings/recording-store.ts';
import { backfill } from '../../../../infra/commands/backfill/backfill.ts';
import type { BackfillOptions } from '../../../../infra/commands/backfill/options.ts';
import type { SimulatedCall, SimulatedPbxOptions } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { clientOf } from '../../../functions/shared/pbx/scripted-pbx.ts';
import { startSession } from '../../../functions/shared/session/session-harness.ts';
import { startPbxHarness } from '../../simulated-pbx/harness.ts';

const DAY = '2024-05-17';
const SETTINGS = {
  reportUrl: 'https://{host}',
  credentialsSecret: 'pbx/test',
  sessionSecret: 'session/test',
  queueName: 'recordings-test',
  timeZone: 'UTC',
};

/** A simulated PBX with calls of one day, an empty bucket, and the command in this process. */
export async function startBackfillHarness(
  s3: S3Client,
  callCount: number,
  options: SimulatedPbxOptions = {},
) {
  const { pbx, clock } = await startPbxHarness(options);
  const tls = { fingerprint256: pbx.fingerprint256 ?? '' };
  const client = clientOf(pbx.url, { tls });
  const { session } = await startSession(client, { clock });
  const bucket = randomUUID();
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const calls = Array.from({ length: callCount }, () => pbx.makeCall({ from: '1001', to: '1003' }));
  const waits: number[] = [];
  /** `end` ends the time that the download in progress has for its next part. */
  const timer = { end: () => {}, ms: 0, onRestart: () => {} };

  async function run(archiveS3: S3Client = s3, limits: Partial<BackfillOptions> = {}) {
    const printed: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line)));
    // The progress bar's own lines.
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const isDone = await backfill(
      {
        pbx: 'test',
        from: DAY,
        to: DAY,
        'dry-run': false,
        concurrency: 1,
        local: false,
        positionals: [],
        ...limits,
      },
      {
        settings: v.parse(pbxSchema, { ...SETTINGS, baseUrl: pbx.url, tls }),
        client,
        session,
        archive: createArchiveIndex(archiveS3, bucket),
        store: createRecordingStore(archiveS3, bucket),
        stop: new AbortController(),
        now: () => clock.now,
        wait: async (ms) => {
          waits.push(ms);
          clock.now += ms;
        },
        startTimer(onEnd, ms) {
          Object.assign(timer, { end: onEnd, ms });
          return { restart: () => timer.onRestart(), stop: () => {} };
        },
      },
    ).finally(() => {
      log.mockRestore();
      write.mockRestore();
    });
    return { isDone, output: printed.join('\n'), lastLine: printed.at(-1) ?? '' };
  }

  return {
    pbx,
    clock,
    calls,
    waits,
    timer,
    run,
    /** Writes a marker, as the functions would. */
    async mark(kind: MarkerKind, call: SimulatedCall | undefined) {
      const Key = markerKey(kind, 'test', call?.recording ?? '');
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '' }));
    },
  };
}
