import type { PbxRegistry } from '../../../functions/shared/config/pbx-registry.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import type { Queues } from '../../../functions/shared/jobs/queues.ts';
import { reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import type { Deployment } from '../deployment.ts';
import type { DeadLetter, UndeliveredEvent } from './dead-letter.ts';
import type { TakenDeadLetters } from './dead-letter-queue.ts';

export interface SendBackDeps
  extends Pick<Deployment, 'registry' | 'queueUrlBase' | 'indexQueues'>,
    Pick<Queues, 'send'>,
    Pick<TakenDeadLetters, 'remove'> {
  /** Puts an event on the event bus. */
  publish: (event: UndeliveredEvent) => Promise<void>;
}

/**
 * Sends a dead letter back: a job to the queue of its PBX, as a new job with the full time for retries; a change of the
 * bucket to the queue of the index; an event of the archive to the event bus.
 *
 * @returns why the dead letter stays, or `undefined` if it was sent
 */
export async function sendBack(deadLetter: DeadLetter, deps: SendBackDeps): Promise<string | undefined> {
  const send = senderOf(deadLetter, deps);
  if (typeof send === 'string') return send;
  try {
    // In this order: after a failure in between, the message exists twice, which is harmless, and is not lost.
    await send();
    await deps.remove(deadLetter);
    return undefined;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    return `AWS: ${message} (${error instanceof ArchiveError ? error.code : name})`;
  }
}

/** Returns what sends the dead letter back, or why it stays. */
function senderOf(deadLetter: DeadLetter, deps: SendBackDeps): (() => Promise<void>) | string {
  const { registry, queueUrlBase, indexQueues, send, publish } = deps;
  const { content, body } = deadLetter;
  if (content.kind === 'archive-event') return () => publish(content.event);
  if (content.kind === 'bucket-event') {
    if (indexQueues === undefined) return 'There is no queue of an index. Remove it with --delete.';
    // Unchanged: index-recording reads what the bucket has by then, so the age of an event does not matter.
    return () => send(indexQueues.eventsUrl, JSON.parse(body));
  }
  const job = readJob(deadLetter, registry);
  if (typeof job === 'string') return job;
  const pbx = findPbx(registry, job.pbx);
  return pbx === undefined ? noPbx(job.pbx) : () => send(queueUrlBase + pbx.queueName, job);
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
    default:
      return 'There is no queue to send it to. Remove it with --delete.';
  }
}
