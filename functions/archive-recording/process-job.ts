import { toArchiveError } from '../shared/errors.ts';
import { callEndOf, describeJob, type Job, type JobMessage, readJob } from '../shared/jobs/job.ts';
import type { Archived } from '../shared/recordings/archive-recording.ts';
import { discardUpload, uploadOf } from '../shared/recordings/uploads.ts';
import { log } from '../shared/telemetry/log.ts';
import type { FailureDeps } from './failure.ts';
import { handleFailure } from './handle-failure.ts';

export interface ProcessDeps extends FailureDeps {
  /** `isRepeated`: an earlier attempt, or another job, may have archived the recording. */
  archive: (job: Job, isRepeated: boolean) => Promise<Archived>;
}

/**
 * Runs a message's job. If it fails, makes sure that it is not lost.
 *
 * @returns whether the message is finished and may be deleted
 */
export async function processJob(message: JobMessage, deps: ProcessDeps): Promise<boolean> {
  const startedAt = deps.now();
  let job: Job | undefined;
  try {
    job = readJob(message.body);
    // A job that only waited for its turn has an earlier attempt as well, although that does not count.
    const isRepeated = message.attempt > 1 || job.earlier !== undefined || job.foundBy !== undefined;
    const { outcome, ...details } = await deps.archive(job, isRepeated);
    const endedAt = deps.now();
    log('info', outcome, {
      ...describeJob(message, job),
      ...details,
      ms: endedAt - startedAt,
      ...(outcome !== 'already-archived' && { delayMs: endedAt - callEndOf(job) }),
    });
    // Harmless if this upload has become the object.
    await discardUpload(uploadOf(job, job.progress), deps.store);
    return true;
  } catch (error) {
    return handleFailure({ message, job, error: toArchiveError(error), startedAt }, deps);
  }
}
