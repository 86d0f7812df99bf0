import type { ArchiveIndex } from '../../../functions/shared/call-log/archive-index.ts';
import { TIMEOUT_SECONDS } from '../../../functions/shared/config/limits.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { isUnanswered } from '../../../functions/shared/jobs/call.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import { createPartBuffers, PART_BYTES } from '../../../functions/shared/recordings/parts.ts';
import type { RecordingStore } from '../../../functions/shared/recordings/recording-store.ts';
import type { OpenPbx } from '../../../functions/shared/session/pbxs.ts';
import { UsageError } from '../../shared/command-line.ts';
import { formatSize, plural, toPlainText } from '../../shared/text.ts';
import { type ArchiveAllDeps, archiveAll, type Outcome, type Postponed } from './archive-all.ts';
import { archiveWithResume, type Timer } from './archive-with-resume.ts';
import { compareDays } from './compare-days.ts';
import { limitClient } from './limited-client.ts';
import type { BackfillOptions } from './options.ts';
import { showProgress } from './progress.ts';

/** With more, Node's timers end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface BackfillDeps extends OpenPbx, Pick<ArchiveAllDeps, 'wait'> {
  archive: ArchiveIndex;
  store: RecordingStore;
  /** Aborted to end the run. The reason is an `ArchiveError`. */
  stop: AbortController;
  now: () => number;
  startTimer: (onEnd: () => void, ms: number) => Timer;
}

/**
 * Archives the recordings that the PBX has and the archive does not. Returns whether none failed and the whole call log
 * could be read.
 */
export async function backfill(options: BackfillOptions, deps: BackfillDeps): Promise<boolean> {
  try {
    const { missing, unreadable } = await findAllMissing(options, deps);
    const isOnlyCompared = options['dry-run'] || missing.length === 0;
    const { failed, lost } = isOnlyCompared ? NOTHING : await archiveMissing(missing, options, deps);
    if (unreadable > 0)
      console.log(`${plural(unreadable, 'row')} of the call log could not be read: see above.`);
    // Last, because it says what to do.
    if (deps.stop.signal.aborted) console.log(describeStop(deps.stop.signal));
    else if (failed > 0) console.log(describeFailed(failed, lost));
    return failed === 0 && unreadable === 0 && !deps.stop.signal.aborted;
  } catch (error) {
    if (deps.stop.signal.aborted) {
      console.log(describeStop(deps.stop.signal));
      return false;
    }
    throw error instanceof ArchiveError ? new UsageError(error.message) : error;
  }
}

async function findAllMissing({ pbx, from, to }: BackfillOptions, deps: BackfillDeps) {
  const { settings, stop, ...rest } = deps;
  const { timeZone } = settings;
  const comparing = { ...rest, pbxId: pbx, timeZone, signal: stop.signal };
  const missing: Job[] = [];
  const total = { found: 0, present: 0, ended: 0, erased: 0, unreadable: 0 };
  for await (const { day, ...compared } of compareDays(from, to, comparing)) {
    // The person who runs this may know that the PBX has a recording again. So all but the erased ones are requested.
    const wanted = compared.missing.filter(({ ended }) => ended !== 'erased');
    missing.push(...wanted.map(({ job }) => job));
    total.found += compared.found;
    total.present += compared.present;
    total.erased += compared.missing.length - wanted.length;
    total.ended += wanted.filter(({ ended }) => ended !== undefined).length;
    total.unreadable += compared.unreadable;
    for (const { row, problem } of compared.unreadableRows)
      console.log(`${day}  row ${row} cannot be read: ${problem}`);
    const others = compared.unreadable - compared.unreadableRows.length;
    if (others > 0) console.log(`${day}  ${plural(others, 'more row')} cannot be read`);
    if (wanted.length > 0)
      console.log(`${day}  ${plural(compared.found, 'recording')}, ${wanted.length} missing`);
  }
  console.log(
    `The call log lists ${plural(total.found, 'recording')}: ${total.present} archived, ${missing.length} missing` +
      (total.ended > 0 ? ` (${total.ended} of these given up before)` : '') +
      (total.erased > 0 ? `, ${total.erased} erased on request` : ''),
  );
  return { missing, unreadable: total.unreadable };
}

interface Failures {
  failed: number;
  /** How many of these the PBX does not have. */
  lost: number;
}

const NOTHING: Failures = { failed: 0, lost: 0 };

async function archiveMissing(jobs: Job[], options: BackfillOptions, deps: BackfillDeps): Promise<Failures> {
  const { 'bytes-per-second': bytesPerSecond, concurrency } = options;
  const { stop, now, wait } = deps;
  const client = bytesPerSecond === undefined ? deps.client : limitClient(deps.client, bytesPerSecond);
  const progress = showProgress('recordings', jobs.length);
  const count = { archived: 0, bytes: 0, failed: 0, lost: 0, notRecorded: 0 };
  const onDone = ({ recording, call }: Job, outcome: Outcome) => {
    progress.advance();
    if ('bytes' in outcome) {
      count.archived += 1;
      count.bytes += outcome.bytes;
    } else if (outcome.error.kind === 'missing' && isUnanswered(call)) {
      count.notRecorded += 1;
    } else {
      const { code, kind, message } = outcome.error;
      count.failed += 1;
      if (kind === 'missing') count.lost += 1;
      progress.print(`${recording}: ${message} (${code})`);
    }
  };
  const onWait = (postponed: Postponed) => progress.print(describeWait(postponed));
  try {
    const buffers = createPartBuffers();
    const partMs = maxPartMs(options);
    const archiveDeps = {
      ...deps,
      client,
      buffers,
      signal: stop.signal,
      startTimer: (onEnd: () => void) => deps.startTimer(onEnd, partMs),
    };
    const archive = (job: Job) => archiveWithResume(job, archiveDeps);
    await archiveAll(jobs, { archive, concurrency, stop, onDone, onWait, now, wait });
  } finally {
    progress.end();
  }
  const { archived, bytes, failed, lost, notRecorded } = count;
  if (notRecorded > 0)
    console.log(`${plural(notRecorded, 'call')} that nobody answered, without a recording`);
  console.log(`${plural(archived, 'recording')} archived, ${formatSize(bytes)}; ${failed} failed`);
  return { failed, lost };
}

/** What a part may take: as long as a run of the function, unless the limits asked for leave it less of the line. */
function maxPartMs({ 'bytes-per-second': bytesPerSecond, concurrency }: BackfillOptions): number {
  const partSeconds = bytesPerSecond === undefined ? 0 : (concurrency * PART_BYTES) / bytesPerSecond;
  const ms = 1000 * Math.max(TIMEOUT_SECONDS['archive-recording'], 2 * partSeconds);
  return Math.min(ms, MAX_TIMER_MS);
}

const describeWait = ({ count, until, reason }: Postponed) =>
  `${plural(count, 'recording')} to be tried again at ${new Date(until).toLocaleTimeString('sv-SE')}: ` +
  `${reason.message} (${reason.code})`;

function describeFailed(failed: number, lost: number): string {
  const reason = lost > 0 ? `; ${lost} of these may be lost, because the PBX does not have them` : '';
  return `${plural(failed, 'recording')} failed${reason}. Run the same command again to retry.`;
}

const describeStop = ({ reason }: AbortSignal) =>
  toPlainText(`${(reason as ArchiveError).message} Run the same command again to continue.`);
