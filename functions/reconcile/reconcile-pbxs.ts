import { type FindDeps, findMissing } from '../shared/call-log/find-missing.ts';
import { type Day, daysBetween, recentWindows, windowOf } from '../shared/call-log/windows.ts';
import { ArchiveError, PbxRefusal, toArchiveError } from '../shared/errors.ts';
import { mapConcurrently } from '../shared/map-concurrently.ts';
import type { CdrWindow } from '../shared/pbx/pbx-client.ts';
import type { StatusWriter } from '../shared/recording-index/status.ts';
import { log } from '../shared/telemetry/log.ts';
import { type QueueDeps, queueMissing } from './queue-missing.ts';
import type { ReconcileRequest } from './reconcile-request.ts';

const CONCURRENT_PBXS = 5;

export interface ReconcileDeps extends FindDeps, QueueDeps {
  status: Pick<StatusWriter, 'countRun'>;
}

const NOTHING = {
  found: 0,
  present: 0,
  queued: 0,
  waiting: 0,
  ended: 0,
  unreadable: 0,
  oldestMissingMs: 0,
  oldestUnqueuedMs: 0,
};

export type Counts = typeof NOTHING;

interface Failure {
  code: string;
  message: string;
  /** The first day that was not compared. */
  from: Day;
}

export type ReconcileOutcome = Counts & { pbx: string } & (
    | { outcome: 'reconciled' }
    | ({ outcome: 'no-credentials' | 'failed' } & Failure)
  );

/** Reconciles the requested PBXs, several of them at the same time. */
export async function reconcilePbxs(
  request: ReconcileRequest,
  pbxs: { ids: string[]; get(pbxId: string): ReconcileDeps },
): Promise<ReconcileOutcome[]> {
  const ids = request.pbx === undefined ? pbxs.ids : [request.pbx].flat();
  const requested = ids.map((id) => pbxs.get(id));
  return mapConcurrently(requested, CONCURRENT_PBXS, (deps) => reconcilePbx(request, deps));
}

/** Never rejects: a failing PBX must not keep the others from their turn. */
async function reconcilePbx(request: ReconcileRequest, deps: ReconcileDeps): Promise<ReconcileOutcome> {
  const pbx = deps.pbxId;
  const { total, failure } = await reconcileAll(windowsOf(request, deps), deps);
  if (failure === undefined) {
    log('info', 'reconciled', { pbx, ...total, ...(await describeRun(request, false, deps)) });
    return { pbx, outcome: 'reconciled', ...total };
  }
  const { from, ...problem } = failure;
  if (problem.code === 'no-credentials') {
    log('warn', 'reconciliation-skipped', { pbx, ...problem });
    return { pbx, outcome: problem.code, ...total, ...failure };
  }
  log('error', 'reconciliation-failed', {
    pbx,
    ...problem,
    ...total,
    ...(await describeRun(request, true, deps)),
  });
  return { pbx, outcome: 'failed', ...total, ...failure };
}

/** What the metrics count a run for. A PBX that is asked every few minutes is compared by the other schedules as well. */
async function describeRun(
  request: ReconcileRequest,
  hasFailed: boolean,
  { pbxId, status }: ReconcileDeps,
): Promise<object> {
  const schedule = 'hours' in request ? request.schedule : undefined;
  if (schedule === undefined || schedule === 'discovery') return {};
  return { schedule, failedInARow: await status.countRun(pbxId, schedule, hasFailed) };
}

/** Reconciles window by window. Returns the first failure. */
async function reconcileAll(
  windows: CdrWindow[],
  deps: ReconcileDeps,
): Promise<{ total: Counts; failure: Failure | undefined }> {
  let total = NOTHING;
  let failure: Failure | undefined;
  let listed: ReadonlySet<string> | undefined;
  for (const window of windows) {
    try {
      deps.signal.throwIfAborted();
      const { missing, ...comparison } = await findMissing(window, deps, listed);
      listed = comparison.listed;
      total = add(total, { ...comparison, ...(await queueMissing(missing, deps)) });
    } catch (thrown) {
      // After an abort, the SDK and the stream throw errors of their own, not the signal's reason.
      const error: unknown = deps.signal.aborted ? deps.signal.reason : thrown;
      failure ??= { ...describeError(error), from: window.starttime.slice(0, 10) };
      if (!isLimitedToWindow(error)) break;
    }
  }
  return { total, failure };
}

/** An error that the PBX returns for one day says nothing about the next, unless it concerns the session. */
const isLimitedToWindow = (error: unknown) =>
  (error instanceof PbxRefusal && error.kind !== 'login-held' && error.kind !== 'session-expired') ||
  (error instanceof ArchiveError && error.code === 'cdr-malformed');

function windowsOf(request: ReconcileRequest, { timeZone, now }: ReconcileDeps): CdrWindow[] {
  if ('hours' in request) return recentWindows(request.hours, timeZone, now());
  return daysBetween(request.from, request.to).map((day) => windowOf(day));
}

const add = (total: Counts, counts: Counts): Counts => ({
  found: total.found + counts.found,
  present: total.present + counts.present,
  queued: total.queued + counts.queued,
  waiting: total.waiting + counts.waiting,
  ended: total.ended + counts.ended,
  unreadable: total.unreadable + counts.unreadable,
  oldestMissingMs: Math.max(total.oldestMissingMs, counts.oldestMissingMs),
  oldestUnqueuedMs: Math.max(total.oldestUnqueuedMs, counts.oldestUnqueuedMs),
});

/** The message of a foreign error may quote a key, and with it phone numbers. */
function describeError(error: unknown): { code: string; message: string } {
  const { code, message } = toArchiveError(error);
  return {
    code,
    message:
      error instanceof ArchiveError
        ? message
        : 'A request to AWS or the function itself failed. The code names the error.',
  };
}
