import type { ArchiveError } from '../shared/errors.ts';
import type { Job, JobMessage } from '../shared/jobs/job.ts';
import type { Queues } from '../shared/jobs/queues.ts';
import type { Markers } from '../shared/recordings/markers.ts';
import type { RecordingStore } from '../shared/recordings/recording-store.ts';

/** A failed attempt at a job. */
export interface Failure {
  message: JobMessage;
  /** `undefined` if the message could not be parsed. */
  job: Job | undefined;
  error: ArchiveError;
  /** When the attempt began (epoch ms). */
  startedAt: number;
}

/** Dependencies of failure handling. */
export interface FailureDeps {
  queues: Queues;
  markers: Pick<Markers, 'markEnded' | 'markDeadLettered' | 'isErased'>;
  store: Pick<RecordingStore, 'abort' | 'find' | 'hasStoredBetween'>;
  now: () => number;
}
