import { isDeepStrictEqual } from 'node:util';
import { toArchiveError } from '../shared/errors.ts';
import { isUnanswered } from '../shared/jobs/call.ts';
import type { Job } from '../shared/jobs/job.ts';
import { historyOf, withHistory } from '../shared/jobs/retry-policy/history.ts';
import {
  countFailure,
  outageDoubtedSince,
  type Streak,
} from '../shared/jobs/retry-policy/persistent-failures.ts';
import { Unverified } from '../shared/recordings/completeness.ts';
import { log } from '../shared/telemetry/log.ts';
import type { Failure, FailureDeps } from './failure.ts';
import { describeFailure } from './log-fields.ts';

/**
 * The job with what a failed attempt found out: what was downloaded but could not be verified, or that the PBX has no
 * recording, or cannot send it in time. The job itself if that is nothing new.
 */
export async function recordFindings(
  job: Job,
  failure: Failure,
  now: number,
  deps: FailureDeps,
): Promise<Job> {
  const { message, error } = failure;
  const { download, streak } = job.earlier ?? {};
  const counted = countFailure(streak, { kind: error.kind, isUnanswered: isUnanswered(job.call) }, now);
  const found = {
    download: error instanceof Unverified ? (error.download ?? download) : download,
    streak: counted && (await mayBeOutage(counted, job, failure, deps)) ? streak : counted,
  };
  if (isDeepStrictEqual(found, { download, streak })) return job;
  const { progress, ...rest } = job;
  // A download that could not be verified was complete: nothing remains to be resumed.
  const kept = error instanceof Unverified ? rest : job;
  return withHistory(kept, historyOf(message, job), found);
}

/** Whether the storage of the PBX may be away: then the failure that was counted last does not count. */
async function mayBeOutage(
  streak: Streak,
  { pbx, call, earlier }: Job,
  failure: Failure,
  deps: FailureDeps,
): Promise<boolean> {
  if (streak === earlier?.streak) return false;
  const since = outageDoubtedSince({ ...streak, isUnanswered: isUnanswered(call) });
  if (since === undefined) return false;
  try {
    // What was delivered after the PBX's response may show that the storage is back, not that it was there.
    return !(await deps.store.hasStoredBetween(pbx, since, failure.startedAt));
  } catch (error) {
    log('warn', 'loss-not-confirmed', {
      ...describeFailure(failure, deps),
      code: toArchiveError(error).code,
    });
    return true;
  }
}
