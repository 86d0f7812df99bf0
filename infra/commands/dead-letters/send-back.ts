import type { PbxRegistry } from '../../../functions/shared/config/pbx-registry.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import type { Queues } from '../../../functions/shared/jobs/queues.ts';
import { reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import type { Deployment } from '../deployment.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { TakenDeadLetters } from './dead-letter-queue.ts';

export interface SendBackDeps
  extends Pick<Deployment, 'registry' | 'queueUrlBase' | 'indexQueues'>,
    Pick<Queues, 'send'>,
    Pick<TakenDeadLetters, 'remove'> {}

interface Target {
  queueUrl: string;
  message: unknown;
}

/**
 * Sends a dead letter back: a job to the queue of its PBX, as a new job with the full time for retries; a change of the
 * bucket to the queue of the index.
 *
 * @returns why the dead letter stays, or `undefined` if it was sent
 */
export async function sendBack(deadLetter: DeadLetter, deps: SendBackDeps): Promise<string | undefined> {
  const target =
    deadLetter.content.kind === 'bucket-event' ? toIndex(deadLetter, deps) : toPbx(deadLetter, deps);
  if (typeof target === 'string') return target;
  try {
    // In this order: after a failure in between, the message exists twice, which is harmless, and is not lost.
    await deps.send(target.queueUrl, target.message);
    await deps.remove(deadLetter);
    return undefined;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    return `SQS: ${message} (${name})`;
  }
}

/** Returns where the dead letter goes and as what, or why it stays. */
function toPbx(deadLetter: DeadLetter, { registry, queueUrlBase }: SendBackDeps): Target | string {
  const job = readJob(deadLetter, registry);
  if (typeof job === 'string') return job;
  const pbx = findPbx(registry, job.pbx);
  return pbx === undefined ? noPbx(job.pbx) : { queueUrl: queueUrlBase + pbx.queueName, message: job };
}

/** Unchanged: index-recording reads what the bucket has by then, so the age of an event does not matter. */
function toIndex({ body }: DeadLetter, { indexQueues }: SendBackDeps): Target | string {
  if (indexQueues === undefined) return 'There is no queue of an index. Remove it with --delete.';
  return { queueUrl: indexQueues.eventsUrl, message: JSON.parse(body) };
}

const noPbx = (id: string) => `The configuration has no PBX ${id}.`;

const findPbx = (registry: PbxRegistry, id: string) =>
  Object.hasOwn(registry, id) ? registry[id] : undefined;

/** Returns the job of the dead letter, or why there is none. */
function readJob({ content }: DeadLetter, registry: PbxRegistry): Job | string {
  switch (content.kind) {
    case 'job': {
      // A new life: the parts of an unfinished transfer may be gone by now, and the PBX may have changed since.
      const { progress, earlier, ...job } = content.job;
      return job;
    }
    case 'report': {
      const { version, pbx, reportedAt } = content;
      const settings = findPbx(registry, pbx);
      if (settings === undefined) return noPbx(pbx);
      const report = reportDialectOf(settings).read(content.report, settings.serialNumber);
      if (report.kind === 'malformed') return 'It still cannot be read. No event was found in it.';
      if (report.kind === 'unreadable') return `It still cannot be read. ${report.reason}`;
      if (report.kind === 'recorded-call') {
        const { recording, call } = report;
        return { version, pbx, recording, call, reportedAt };
      }
      return 'There is nothing to archive. Remove it with --delete.';
    }
    case 'session-request':
      return 'pbx-session has run on schedule since. Remove it with --delete.';
    case 'bucket-event':
    case 'unknown':
      return 'There is no queue to send it to. Remove it with --delete.';
  }
}
