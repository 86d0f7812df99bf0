import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { hasStatus } from '../../../functions/shared/aws-clients.ts';
import type { EventKey } from '../../../functions/shared/events/event-key.ts';
import { markerKey } from '../../../functions/shared/recordings/markers.ts';
import { sha256 } from '../../../functions/shared/sha256.ts';
import { plural, toJsonLine, toPlainText } from '../../shared/text.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import type { TakenDeadLetters } from '../dead-letters/dead-letter-queue.ts';
import type { Deployment } from '../deployment.ts';
import { type Copies, findRemains, namesOf, type Remains } from './copies.ts';
import { deadLettersOf } from './dead-letters-of.ts';
import { eraseRemains, type KeptVersion, writeErasedMarker } from './erase-copies.ts';
import { eraseRows, type RowDeps } from './erase-rows.ts';
import type { AccessTraces, Traces } from './erase-traces.ts';

export interface EraseDeps
  extends Pick<Deployment, 'name' | 'bucket' | 'registry' | 'queueUrlBase'>,
    Pick<TakenDeadLetters, 'deadLetters' | 'remove'> {
  s3: S3Client;
  sqs: SQSClient;
  /** Absent where no events are published. */
  eventKey: EventKey | undefined;
  /** Absent if there is no index. */
  index: RowDeps | undefined;
  /** Absent if there is no table with shares and access log. */
  access: AccessTraces | undefined;
  /** Who erases, for the evidence. */
  by: Readonly<Record<string, string>>;
  /** Whether the user confirms by typing the recording's name. */
  confirm: (recording: string) => Promise<boolean>;
  now: () => number;
  /** Prints for the user. */
  show: (line: string) => void;
  /** Prints the evidence. */
  print: (line: string) => void;
}

/** Erases a recording. Returns whether nothing of it is left. */
export async function erase(pbx: string, recording: string, deps: EraseDeps): Promise<boolean> {
  const { s3, bucket, name, show } = deps;
  const marker = markerKey('erased', pbx, recording);
  const remains = await findRemains(s3, bucket, pbx, recording);
  const deadLetters = await deadLettersOf(deps.deadLetters, pbx, recording, deps.eventKey);
  const names = namesOf(recording, remains);
  const traces = (await deps.access?.find(pbx, names)) ?? { shares: [], accesses: [] };
  const lines = [...describeRemains(remains, deadLetters), ...describeTraces(traces)];
  if (lines.length === 0) {
    const wasErased = await exists(s3, bucket, marker);
    show(
      wasErased
        ? `Nothing is left to erase: this recording of ${pbx} is marked as erased in ${name}.`
        : `There is no recording of this name of ${pbx} in ${name}. Nothing was changed. Check --pbx and --recording.`,
    );
    return wasErased;
  }
  show(`To be erased for good from ${name}:`);
  for (const line of lines) show(toPlainText(`  ${line}`));
  if (!(await deps.confirm(recording))) {
    show('Nothing was changed.');
    return false;
  }
  // First of all, so that a reconciliation that runs now does not find the recording missing.
  await writeErasedMarker(s3, bucket, marker);
  const { versionsDeleted, versionsKept } = await eraseRemains(s3, bucket, remains);
  for (const deadLetter of deadLetters) await deps.remove(deadLetter);
  if (deps.index !== undefined) await eraseRows(pbx, names, deps.index);
  await deps.access?.erase(traces);
  const evidence = {
    time: new Date(deps.now()).toISOString(),
    archive: name,
    pbx,
    recording,
    recordingSha256: sha256(recording).toString('hex'),
    versionsDeleted,
    versionsKept,
    deadLettersDeleted: deadLetters.length,
    sharesDeleted: traces.shares.length,
    accessRowsPseudonymized: traces.accesses.length,
    by: deps.by,
  };
  deps.print(toJsonLine(evidence));
  for (const version of versionsKept) show(toPlainText(describeKept(version)));
  const queued = await countQueued(pbx, deps);
  if (queued > 0) {
    show(
      `${plural(queued, 'job')} of ${pbx} in the queue. One for this recording may archive it again. ` +
        'Run the same command again when the queue is empty.',
    );
  }
  show('Delete the recording on the PBX as well, if it must not exist there.');
  return versionsKept.length === 0;
}

function describeRemains(
  { recordings, markers, uploads }: Remains,
  deadLetters: readonly DeadLetter[],
): string[] {
  const describe = ({ key, versionIds, deleteMarkerIds }: Copies) => {
    const hidden = deleteMarkerIds.length > 0 ? `, ${plural(deleteMarkerIds.length, 'delete marker')}` : '';
    return `${key} (${plural(versionIds.length, 'version')}${hidden})`;
  };
  return [
    ...[...recordings, ...markers].map(describe),
    ...uploads.map(({ key }) => `${key} (an unfinished upload)`),
    ...deadLetters.map(({ id, code }) => `dead letter ${id} (${code})`),
  ];
}

function describeTraces({ shares, accesses }: Traces): string[] {
  return [
    ...(shares.length > 0 ? [`${plural(shares.length, 'share')}, deleted`] : []),
    ...(accesses.length > 0
      ? [
          `${plural(accesses.length, 'row')} of the access log, kept with the SHA-256 of the name instead of the name`,
        ]
      : []),
  ];
}

function describeKept({ key, versionId, lockedUntil, lockMode, hasLegalHold }: KeptVersion): string {
  const locks = [
    ...(lockedUntil === undefined ? [] : [`locked until ${lockedUntil} (${lockMode})`]),
    ...(hasLegalHold ? ['under a legal hold'] : []),
  ];
  const reason =
    locks.length > 0
      ? locks.join(' and ')
      : 'S3 denies access, and no lock is known: may you delete versions?';
  return `stays: ${key}, version ${versionId}: ${reason}`;
}

/** Jobs in the PBX's queue, whether they wait or are being worked on. A PBX that was removed has none. */
async function countQueued(pbx: string, { registry, queueUrlBase, sqs }: EraseDeps): Promise<number> {
  const queueName = Object.hasOwn(registry, pbx) ? registry[pbx]?.queueName : undefined;
  if (queueName === undefined) return 0;
  const names = ['', 'NotVisible', 'Delayed'] as const;
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrlBase + queueName,
      AttributeNames: names.map((suffix) => `ApproximateNumberOfMessages${suffix}` as const),
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

async function exists(s3: S3Client, bucket: string, key: string): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (hasStatus(error, 404)) return false;
    throw error;
  }
}
