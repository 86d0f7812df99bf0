import { toArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import {
  type ArchiveDeps,
  archiveRecording,
} from '../../../functions/shared/recordings/archive-recording.ts';
import { Interruption } from '../../../functions/shared/recordings/save-in-parts.ts';
import { discardUpload, uploadOf } from '../../../functions/shared/recordings/uploads.ts';
import { describeRefusal } from '../../shared/aws-refusal.ts';

/**
 * Archives a recording. Resumes after a lost connection, as long as each attempt stores more of the recording.
 * Returns the number of bytes stored, 0 if the recording was archived already. Discards the parts of one that fails.
 */
export async function archiveWithResume(job: Job, deps: ArchiveDeps): Promise<number> {
  try {
    const archived = await archiveRecording(job, deps);
    return archived.outcome === 'already-archived' ? 0 : archived.bytes;
  } catch (error) {
    const stored = error instanceof Interruption ? error.stored : undefined;
    const isOver = deps.signal.aborted || describeRefusal(toArchiveError(error).cause) !== undefined;
    if (stored === undefined || isOver) {
      await discardUpload(uploadOf(job, stored ?? job.progress), deps.store);
      throw error;
    }
    return archiveWithResume({ ...job, progress: stored }, deps);
  }
}
