import type { Job } from '../../../functions/shared/jobs/job.ts';
import {
  type ArchiveDeps,
  archiveRecording,
} from '../../../functions/shared/recordings/archive-recording.ts';
import { Interruption } from '../../../functions/shared/recordings/save-in-parts.ts';
import { discardUpload, uploadOf } from '../../../functions/shared/recordings/uploads.ts';

/**
 * Archives a recording, going on where a cut connection left it as long as each turn stores some more of it.
 * Returns the bytes that it stored, 0 if the recording was there. Nothing of a recording that fails stays behind.
 */
export async function archiveToTheEnd(job: Job, deps: ArchiveDeps): Promise<number> {
  try {
    const archived = await archiveRecording(job, deps);
    return archived.outcome === 'archived' ? archived.bytes : 0;
  } catch (error) {
    const stored = error instanceof Interruption ? error.stored : undefined;
    if (stored === undefined || deps.signal.aborted) {
      await discardUpload(uploadOf(job, stored ?? job.progress), deps.store);
      throw error;
    }
    return archiveToTheEnd({ ...job, progress: { ...stored, attempts: 1, since: deps.now() } }, deps);
  }
}
