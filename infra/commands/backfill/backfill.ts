import type { ArchiveIndex } from '../../../functions/shared/call-log/archive-index.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import type { Job } from '../../../functions/shared/jobs/job.ts';
import { createPartBuffers } from '../../../functions/shared/recordings/parts.ts';
import type { RecordingStore } from '../../../functions/shared/recordings/recording-store.ts';
import type { OpenPbx } from '../../../functions/shared/session/pbxs.ts';
import { UsageError } from '../../shared/command-line.ts';
import { plural } from '../../shared/text.ts';
import { archiveAll } from './archive-all.ts';
import { archiveToTheEnd } from './archive-to-the-end.ts';
import { compareDays } from './compare-days.ts';
import { limitClient } from './limited-client.ts';
import type { BackfillOptions } from './options.ts';
import { showProgress } from './progress.ts';

export interface BackfillDeps extends OpenPbx {
  archive: ArchiveIndex;
  store: RecordingStore;
  /** Ends the run; its reason is an `ArchiveError`. */
  stop: AbortController;
  now: () => number;
}

/** Archives what the PBX has and the archive has not. Returns whether nothing of it is left. */
export async function backfill(options: BackfillOptions, deps: BackfillDeps): Promise<boolean> {
  try {
    const missing = await findAllMissing(options, deps);
    if (options['dry-run'] || missing.length === 0) return true;
    return await archiveMissing(missing, options, deps);
  } catch (error) {
    if (deps.stop.signal.aborted) {
      console.log(endOf(deps.stop.signal));
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
    const jobs = compared.missing.filter(({ isLost }) => !isLost).map(({ job }) => job);
    missing.push(...jobs);
    total.found += compared.found;
    total.present += compared.present;
    total.lost += compared.missing.length - jobs.length;
    total.unreadable += compared.unreadable;
    if (jobs.length > 0)
      console.log(`${day}  ${plural(compared.found, 'recording')}, ${jobs.length} missing`);
  }
  console.log(
    `The PBX names ${plural(total.found, 'recording')}: ${total.present} archived, ${missing.length} missing` +
      (total.lost > 0 ? `, ${total.lost} lost: the PBX does not have them any more` : ''),
  );
  if (total.unreadable > 0)
    console.log(`${plural(total.unreadable, 'row')} of its call log cannot be understood.`);
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
      progress.say(`${recording}: ${outcome.error.message} (${outcome.error.code})`);
    }
  };
  try {
    const buffers = createPartBuffers();
    const archive = (job: Job) => archiveToTheEnd(job, { ...deps, client, buffers, signal: stop.signal });
    await archiveAll(jobs, { archive, concurrency, stop, onDone });
  } finally {
    progress.end();
  }
  const { archived, bytes, failed } = count;
  console.log(`${plural(archived, 'recording')} archived, ${(bytes / 1e6).toFixed(1)} MB; ${failed} failed`);
  if (stop.signal.aborted) console.log(endOf(stop.signal));
  else if (failed > 0) console.log('The same command tries those again.');
  return failed === 0 && !stop.signal.aborted;
}

const endOf = ({ reason }: AbortSignal) =>
  `${(reason as ArchiveError).message} The same command goes on from here.`;
