import { toArchiveError } from '../shared/errors.ts';
import { callEndOf, describeJob, type Job, type JobMessage, readJob } from '../shared/jobs/job.ts';
import type { Archived } from '../shared/recordings/archive-recording.ts';
import { discardUpload, uploadOf } from '../shared/recordings/uploads.ts';
import { log } from '../shared/telemetry/log.ts';
import { type FailureDeps, handleFailure } from './handle-failure.ts';

export interface ProcessDeps extends FailureDeps {
  archive: (job: Job) => Promise<Archived>;
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
    const { outcome, ...details } = await deps.archive(job);
    const endedAt = deps.now();
    log('info', outcome, {
      ...describeJob(message, job),
      ...details,
      ms: endedAt - startedAt,
      ...(outcome === 'archived' && { delayMs: endedAt - callEndOf(job) }),
    });
    // Harmless if this upload has become the object.
    await discardUpload(uploadOf(job, job.progress), deps.uploads);
    return true;
  } catch (error) {
    return handleFailure({ message, job, error: toArchiveError(error) }, deps);
  }
}
