import type { SQSClient } from '@aws-sdk/client-sqs';
import { build } from 'esbuild';
import * as v from 'valibot';
import { MAX_BODY_BYTES } from '../../../functions/cdr-webhook/receive-report.ts';
import {
  MAX_RECORDING_MIB,
  SESSION_PERIOD_MINUTES,
  TIMEOUT_SECONDS,
} from '../../../functions/shared/config/limits.ts';
import { pbxSchema } from '../../../functions/shared/config/pbx-registry.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import { createQueues, toMessageBody } from '../../../functions/shared/jobs/queues.ts';
import { decide } from '../../../functions/shared/jobs/retry-policy/decide.ts';
import { createPbxClient } from '../../../functions/shared/pbx/family-clients.ts';
import { keyBeside } from '../../../functions/shared/recordings/compare-with-stored.ts';
import { verificationFor } from '../../../functions/shared/recordings/completeness.ts';
import { MARKER_KINDS, markerKey } from '../../../functions/shared/recordings/markers.ts';
import { encodeCall, encodeName } from '../../../functions/shared/recordings/metadata.ts';
import { createPartBuffers } from '../../../functions/shared/recordings/parts.ts';
import { findNameProblem, recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { buildRegistry } from '../../../infra/stack/registry-layer.ts';
import { startSession } from '../../functions/shared/session/session-harness.ts';
import { startPbxHarness } from '../simulated-pbx/harness.ts';
import { largestSettings, longestPbxIds } from './largest-stack.ts';

// The longest that the functions write anywhere, and the most often.

const MIB = 1024 ** 2;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** The longest name of a recording that consists of one character. */
function longestNameOf(character: string): string {
  let name = character;
  while (findNameProblem(name + character) === undefined) name += character;
  return name;
}

export const [pbx = ''] = longestPbxIds;
const reportedAt = new Date(0).toISOString();
/** Takes three times its length in a key or a URL. */
export const encodedName = longestNameOf('/');
const key = recordingKey(pbx, encodedName);
export const keys = [
  key,
  keyBeside(key, { crc32: Buffer.alloc(4).toString('base64') }),
  ...MARKER_KINDS.map((kind) => markerKey(kind, pbx, encodedName)),
];

export const partBytes = createPartBuffers().lend().take().length;
export const parts = Math.ceil((MAX_RECORDING_MIB * MIB) / partBytes);

/** A job that the longest report announced, interrupted shortly before the end of the longest recording. */
const longestJob: Job = {
  version: 1,
  pbx,
  recording: longestNameOf('😀'),
  // Three times its length in a message.
  call: { from: '😀'.repeat(MAX_BODY_BYTES / Buffer.byteLength('😀')) },
  reportedAt,
  progress: {
    uploadId: 'x'.repeat(256),
    parts: Array.from({ length: parts }, () => ({ etag: `"${'f'.repeat(32)}"`, crc32: 'AAAAAA==' })),
    bytes: MAX_RECORDING_MIB * MIB,
    crc32: 2 ** 32 - 1,
  },
};
/** Six times the length of the longest report. */
const unreadableReport = { version: 1, pbx, report: '\0'.repeat(MAX_BODY_BYTES), reportedAt };
export const messages = [longestJob, unreadableReport].map(toMessageBody);

export async function deadLetterAttributes(): Promise<object> {
  const inputs: { MessageAttributes: object }[] = [];
  const sqs = { send: async ({ input }: { input: never }) => inputs.push(input) } as unknown as SQSClient;
  const error = new ArchiveError('job-malformed', 'Not a job message: it is not JSON.');
  const reason = { pbx, error, attempts: 1, firstAt: reportedAt, lastAt: reportedAt };
  await createQueues(sqs, 'unused').sendDeadLetter('unused', reason);
  return inputs[0]?.MessageAttributes ?? {};
}

const longestCall: Required<Job['call']> = {
  callId: 'x'.repeat(999),
  from: 'x'.repeat(999),
  to: 'x'.repeat(999),
  type: 'x'.repeat(999),
  status: 'x'.repeat(999),
  start: 'x'.repeat(999),
  talkSeconds: 'x'.repeat(999),
  trunk: 'x'.repeat(999),
  did: 'x'.repeat(999),
  serialNumber: 'x'.repeat(999),
};
export const metadata = {
  ...encodeCall(longestCall),
  ...encodeName(encodedName),
  // All that can be said about one recording.
  'verified-by': verificationFor(200, {
    totalBytes: 200,
    container: { format: 'riff', sizes: 'written', totalBytes: 100, audioEndsAt: 100, bytesPerSecond: 1 },
    talkSeconds: 1000,
    endedAt: 0,
  }).join(' '),
};

/** Until the next attempt at a job that has had many, from a PBX that wants none for long. */
const lastRetry = decide(
  { kind: 'login-held', notBefore: 86_400_000 },
  { attempts: 999, deliveries: 999, firstQueuedAt: 0 },
  0,
);
export const longestRetrySeconds = 'afterSeconds' in lastRetry ? (lastRetry.afterSeconds ?? 0) : 0;

/** Bytes of the largest bundle, and of the layer. Without the stack's aliases, which leave things out. */
export async function largestPackage(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: Object.keys(TIMEOUT_SECONDS).map((feature) => `functions/${feature}/handler.ts`),
    outdir: 'unused',
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
  });
  const registry = JSON.stringify(buildRegistry(readArchiveConfig(largestSettings)), null, 2);
  return Math.max(...outputFiles.map(({ contents }) => contents.length)) + registry.length;
}

/** How often the session secret is written in a day, with a PBX that makes it necessary most often. */
export async function sessionVersionsInADay(): Promise<number> {
  const { pbx, clock } = await startPbxHarness({ refreshTokens: true });
  const settings = v.parse(pbxSchema, {
    baseUrl: pbx.url,
    reportUrl: 'unused',
    credentialsSecret: 'unused',
    sessionSecret: 'unused',
    queueName: 'unused',
    tls: { fingerprint256: pbx.fingerprint256 },
  });
  const { session, written } = await startSession(createPbxClient(settings), { clock });
  for (let minute = 0; minute < DAY_MINUTES; minute += SESSION_PERIOD_MINUTES) {
    await session.keepAlive();
    clock.now += SESSION_PERIOD_MINUTES * MINUTE_MS;
  }
  return written.length;
}
