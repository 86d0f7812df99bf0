import { ArchiveError, toArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import {
  type ArchiveDeps,
  archiveRecording,
} from '../../../functions/shared/recordings/archive-recording.ts';
import type { RecordingStore } from '../../../functions/shared/recordings/recording-store.ts';
import { Interruption } from '../../../functions/shared/recordings/save-in-parts.ts';
import { discardUpload, uploadOf } from '../../../functions/shared/recordings/uploads.ts';
import { describeRefusal } from '../../shared/aws-refusal.ts';

export interface Timer {
  restart(): void;
  stop(): void;
}

export interface ResumeDeps extends ArchiveDeps {
  /** Calls `onEnd` if too much time passes before `stop`, or since the last `restart`. */
  startTimer: (onEnd: () => void) => Timer;
}

/**
 * Archives a recording. Resumes after a lost connection, as long as each attempt stores more of the recording. Gives up
 * if the timer ends before another part is stored: a PBX could send a byte a minute for ever.
 * Returns the number of bytes stored, 0 if the recording was archived already. Discards the parts of one that fails.
 */
export async function archiveWithResume(job: Job, deps: ResumeDeps): Promise<number> {
  const deadline = new AbortController();
  const timer = deps.startTimer(() =>
    deadline.abort(new ArchiveError('deadline', 'The recording took too long.')),
  );
  const store: RecordingStore = {
    ...deps.store,
    async putPart(...part) {
      const stored = await deps.store.putPart(...part);
      timer.restart();
      return stored;
    },
  };
  const signal = AbortSignal.any([deps.signal, deadline.signal]);
  try {
    const archived = await archiveRecording(job, { ...deps, store, signal }).finally(timer.stop);
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
