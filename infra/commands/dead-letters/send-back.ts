import type { PbxRegistry } from '../../../functions/shared/config/pbx-registry.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import type { Queues } from '../../../functions/shared/jobs/queues.ts';
import { readReport } from '../../../functions/shared/reports/report.ts';
import type { Deployment } from '../deployment.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { TakenDeadLetters } from './dead-letter-queue.ts';

export interface SendBackDeps
  extends Pick<Deployment, 'registry' | 'queueUrlBase'>,
    Pick<Queues, 'send'>,
    Pick<TakenDeadLetters, 'remove'> {}

/**
 * Makes a dead letter a job of its PBX's queue again: as if it were new, with all its time before it.
 *
 * @returns why it stays where it is, if it does
 */
export async function sendBack(deadLetter: DeadLetter, deps: SendBackDeps): Promise<string | undefined> {
  const { registry, queueUrlBase } = deps;
  const job = readJob(deadLetter, registry);
  if (typeof job === 'string') return job;
  const pbx = findPbx(registry, job.pbx);
  if (pbx === undefined) return `The configuration has no PBX ${job.pbx}.`;
  try {
    // In this order: what fails between the two is there twice, which does no harm, and not gone.
    await deps.send(queueUrlBase + pbx.queueName, job);
    await deps.remove(deadLetter);
    return undefined;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    return `SQS: ${message} (${name})`;
  }
}

const findPbx = (registry: PbxRegistry, id: string) =>
  Object.hasOwn(registry, id) ? registry[id] : undefined;

/** The dead letter's job, or why there is none. */
function readJob({ content }: DeadLetter, registry: PbxRegistry): Job | string {
  switch (content.kind) {
    case 'job': {
      // Of an unfinished transfer nothing may be left by now; and the job's ten days begin anew.
      const { progress, ...job } = content.job;
      return job;
    }
    case 'report': {
      const { version, pbx, reportedAt } = content;
      const report = readReport(content.report, findPbx(registry, pbx)?.serialNumber);
      if (report.kind === 'unreadable') return `It still cannot be read. ${report.reason}`;
      if (report.kind === 'recorded-call') {
        const { recording, call } = report;
        return { version, pbx, recording, call, reportedAt };
      }
      return 'There is nothing to archive about it; --delete removes it.';
    }
    case 'session-request':
      return 'The schedule has asked for a session since; --delete removes it.';
    case 'unknown':
      return 'There is nowhere to send it; --delete removes it.';
  }
}
