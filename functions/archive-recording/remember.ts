import { isDeepStrictEqual } from 'node:util';
import type { ArchiveError } from '../shared/errors.ts';
import { historyOf, type Job, type JobMessage } from '../shared/jobs/job.ts';
import { countFailure } from '../shared/jobs/retry-policy.ts';
import { Unverified } from '../shared/recordings/completeness.ts';

/**
 * The job with what a failed attempt found out: what was downloaded but could not be verified, or that the PBX has no
 * recording, or cannot send it in time. The job itself if that is nothing new.
 */
export function remember(job: Job, message: JobMessage, error: ArchiveError, now: number): Job {
  const { download, streak } = job.earlier ?? {};
  const found = {
    download: error instanceof Unverified ? (error.download ?? download) : download,
    streak: countFailure(streak, error.kind, now),
  };
  if (isDeepStrictEqual(found, { download, streak })) return job;
  const { attempts, deliveries, firstQueuedAt: since } = historyOf(message, job);
  return { ...job, earlier: { attempts, deliveries, since, ...found } };
}
