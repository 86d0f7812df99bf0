import { toArchiveError } from '../shared/errors.ts';
import { callEndOf, type Job, type JobMessage, readJob } from '../shared/jobs/job.ts';
import { callTimeInName } from '../shared/recording-index/call-time.ts';
import type { Archived, ArchiveOptions } from '../shared/recordings/archive-recording.ts';
import { discardUpload, uploadOf } from '../shared/recordings/uploads.ts';
import { log } from '../shared/telemetry/log.ts';
import type { FailureDeps } from './failure.ts';
import { handleFailure } from './handle-failure.ts';
import { describeJob } from './log-fields.ts';

export interface ProcessDeps extends FailureDeps {
  archive: (job: Job, options: ArchiveOptions) => Promise<Archived>;
}

/** Nobody has a recording erased this soon after the call began, so the first job of a new call does not ask. */
const NEW_CALL_MS = 60 * 60_000;

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
    // A copy of its report may come at any time, from whoever has seen it.
    if ((isRepeated || !isOfNewCall(job, startedAt)) && (await deps.markers.isErased(job))) {
      log('info', 'erased-dropped', describeJob(message, job));
      await discardUpload(uploadOf(job, job.progress), deps.store);
      return true;
    }
    const { outcome, ...details } = await deps.archive(job, { isRepeated });
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

const isOfNewCall = ({ recording }: Job, now: number) => now - (callTimeInName(recording) ?? 0) < NEW_CALL_MS;
