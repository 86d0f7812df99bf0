import { toArchiveError } from '../shared/errors.ts';
import type { Job } from '../shared/job.ts';
import { log } from '../shared/log.ts';
import type { Archived } from './archive-recording.ts';
import { discardStored } from './discard-upload.ts';
import { type Failure, type FailureDeps, isHopeless } from './failure.ts';
import { giveUp } from './give-up.ts';
import { Interruption } from './interruption.ts';
import { about, callEndOf, type JobMessage, readJob } from './job-message.ts';
import { passOn } from './pass-on.ts';
import { postpone } from './postpone.ts';

export interface ProcessDeps extends FailureDeps {
  archive: (job: Job) => Promise<Archived>;
}

/**
 * Does a message's job, or sees to it that it is not lost: it comes again after a delay that grows, it goes on
 * as a new message that knows what is stored already, or it goes to the dead-letter queue with its reason.
 *
 * @returns whether the message is done with and may be deleted
 */
export async function processJob(message: JobMessage, deps: ProcessDeps): Promise<boolean> {
  const startedAt = deps.now();
  let job: Job | undefined;
  try {
    job = readJob(message);
    const { outcome, ...details } = await deps.archive(job);
    const endedAt = deps.now();
    log('info', outcome, {
      ...about(message, job),
      ...details,
      ms: endedAt - startedAt,
      ...(outcome === 'archived' && { delayMs: endedAt - callEndOf(job) }),
    });
    // Nothing to do where this very upload has become the object.
    await discardStored(job, job.progress, deps.uploads);
    return true;
  } catch (error) {
    return recover({ message, job, error: toArchiveError(error) }, deps);
  }
}

async function recover(failure: Failure, deps: FailureDeps): Promise<boolean> {
  const { message, job, error } = failure;
  if (isHopeless(failure, deps.now())) return giveUp(failure, deps);
  const isPassedOn =
    job !== undefined && error instanceof Interruption && (await passOn({ message, job, error }, deps));
  return isPassedOn || postpone(failure, deps);
}
