import type { ArchiveIndex } from '../../../functions/shared/call-log/archive-index.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import { createPartBuffers } from '../../../functions/shared/recordings/parts.ts';
import type { RecordingStore } from '../../../functions/shared/recordings/recording-store.ts';
import type { OpenPbx } from '../../../functions/shared/session/pbxs.ts';
import { UsageError } from '../../shared/command-line.ts';
import { plural } from '../../shared/text.ts';
import { archiveAll } from './archive-all.ts';
import { archiveWithResume } from './archive-with-resume.ts';
import { compareDays } from './compare-days.ts';
import { limitClient } from './limited-client.ts';
import type { BackfillOptions } from './options.ts';
import { showProgress } from './progress.ts';

export interface BackfillDeps extends OpenPbx {
  archive: ArchiveIndex;
  store: RecordingStore;
  /** Aborted to end the run. The reason is an `ArchiveError`. */
  stop: AbortController;
  now: () => number;
}

/** Archives the recordings that the PBX has and the archive does not. Returns whether none of them failed. */
export async function backfill(options: BackfillOptions, deps: BackfillDeps): Promise<boolean> {
  try {
    const missing = await findAllMissing(options, deps);
    if (options['dry-run'] || missing.length === 0) return true;
    return await archiveMissing(missing, options, deps);
  } catch (error) {
    if (deps.stop.signal.aborted) {
      console.log(describeStop(deps.stop.signal));
      return false;
    }
    throw error instanceof ArchiveError ? new UsageError(error.message) : error;
  }
}

async function findAllMissing({ pbx, from, to }: BackfillOptions, deps: BackfillDeps): Promise<Job[]> {
  const { settings, stop, ...rest } = deps;
  const { timeZone } = settings;
  const comparing = { ...rest, pbxId: pbx, timeZone, signal: stop.signal };
  const missing: Job[] = [];
  const total = { found: 0, present: 0, lost: 0, unreadable: 0 };
  for await (const { day, ...compared } of compareDays(from, to, comparing)) {
    const jobs = compared.missing.filter(({ ended }) => ended === undefined).map(({ job }) => job);
    missing.push(...jobs);
    total.found += compared.found;
    total.present += compared.present;
    total.lost += compared.missing.length - jobs.length;
    total.unreadable += compared.unreadable;
    if (jobs.length > 0)
      console.log(`${day}  ${plural(compared.found, 'recording')}, ${jobs.length} missing`);
  }
  console.log(
    `The call log lists ${plural(total.found, 'recording')}: ${total.present} archived, ${missing.length} missing` +
      (total.lost > 0 ? `, ${total.lost} lost (no longer on the PBX)` : ''),
  );
  if (total.unreadable > 0)
    console.log(`${plural(total.unreadable, 'row')} of the call log could not be read.`);
  return missing;
}

async function archiveMissing(jobs: Job[], options: BackfillOptions, deps: BackfillDeps): Promise<boolean> {
  const { 'bytes-per-second': bytesPerSecond, concurrency } = options;
  const { stop } = deps;
  const client = bytesPerSecond === undefined ? deps.client : limitClient(deps.client, bytesPerSecond);
  const progress = showProgress('recordings', jobs.length);
  const count = { archived: 0, bytes: 0, failed: 0 };
  const onDone = ({ recording }: Job, outcome: { bytes: number } | { error: ArchiveError }) => {
    progress.advance();
    if ('bytes' in outcome) {
      count.archived += 1;
      count.bytes += outcome.bytes;
    } else {
      count.failed += 1;
      progress.print(`${recording}: ${outcome.error.message} (${outcome.error.code})`);
    }
  };
  try {
    const buffers = createPartBuffers();
    const archive = (job: Job) => archiveWithResume(job, { ...deps, client, buffers, signal: stop.signal });
    await archiveAll(jobs, { archive, concurrency, stop, onDone });
  } finally {
    progress.end();
  }
  const { archived, bytes, failed } = count;
  console.log(`${plural(archived, 'recording')} archived, ${(bytes / 1e6).toFixed(1)} MB; ${failed} failed`);
  if (stop.signal.aborted) console.log(describeStop(stop.signal));
  else if (failed > 0) console.log('Run the same command again to retry them.');
  return failed === 0 && !stop.signal.aborted;
}

const describeStop = ({ reason }: AbortSignal) =>
  `${(reason as ArchiveError).message} Run the same command again to continue.`;
