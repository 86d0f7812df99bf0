import type { Job } from '../jobs/job.ts';
import type { CdrWindow, PbxClient } from '../pbx/types.ts';
import { markerKey } from '../recordings/markers.ts';
import { recordingKey } from '../recordings/recording-name.ts';
import { type Cdr, callOf } from '../reports/cdr.ts';
import { type Session, withToken } from '../session/session.ts';
import { log } from '../telemetry/log.ts';
import type { ArchiveIndex } from './archive-index.ts';
import { findCallEnd } from './call-end.ts';
import { readCdrs, type Unreadable } from './read-cdrs.ts';

export interface FindDeps {
  pbxId: string;
  client: Pick<PbxClient, 'openCdrs'>;
  session: Session;
  archive: ArchiveIndex;
  /** The PBX's own. */
  timeZone: string;
  now: () => number;
  /** Aborted with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
}

export interface MissingRecording {
  /** What archives it. */
  job: Job;
  /** When a job for it was last put into the queue by a reconciliation, in epoch ms. */
  queuedAt: number | undefined;
  /** The PBX does not have it any more: it has been counted, and no job will bring it back. */
  isLost: boolean;
}

export interface Comparison {
  /** Recordings that the PBX's call log names in the window. */
  found: number;
  /** Of those, how many the archive has. */
  present: number;
  /** Rows of the call log that cannot be understood. */
  unreadable: number;
  /** The rest of those found, in the order of the call log. */
  missing: MissingRecording[];
}

/**
 * Compares the PBX's call log with the archive. Changes nothing but the life of the session.
 * Fails as the PBX and S3 fail; `cdr-malformed` is a call log that is none.
 */
export async function findMissing(window: CdrWindow, deps: FindDeps): Promise<Comparison> {
  const { pbxId, archive, signal } = deps;
  const { recorded, unreadable } = await readRecorded(window, deps);
  const keyOf = (name: string) => recordingKey(pbxId, name);
  const stored = await archive.find([...recorded.keys()].map(keyOf), signal);
  const absent = [...recorded].filter(([name]) => !stored.has(keyOf(name)));

  const findNotes = (entry: 'queued' | 'lost') =>
    archive.find(
      absent.map(([name]) => markerKey(entry, pbxId, name)),
      signal,
    );
  const [queued, lost] = [await findNotes('queued'), await findNotes('lost')];
  const missing = absent.map(([name, cdr]) => ({
    job: toJob(name, cdr, deps),
    queuedAt: queued.get(markerKey('queued', pbxId, name)),
    isLost: lost.has(markerKey('lost', pbxId, name)),
  }));
  return { found: recorded.size, present: recorded.size - absent.length, unreadable, missing };
}

/** The call log's recordings by name; a transferred call has several rows with the same one. */
async function readRecorded(
  window: CdrWindow,
  { pbxId, client, session, signal }: FindDeps,
): Promise<{ recorded: Map<string, Cdr>; unreadable: number }> {
  return withToken(session, async (token) => {
    const recorded = new Map<string, Cdr>();
    const problems: Unreadable[] = [];
    // Read to its end before anything else is done: a PBX should not have to wait for S3.
    for await (const row of readCdrs(await client.openCdrs(token, window, signal), signal)) {
      if ('problem' in row) problems.push(row);
      else if (!recorded.has(row.recording)) recorded.set(row.recording, row.cdr);
    }
    // One line of them all, with the first as the example.
    const [first] = problems;
    if (first) log('error', 'cdr-rows-unreadable', { pbx: pbxId, unreadable: problems.length, ...first });
    return { recorded, unreadable: problems.length };
  });
}

function toJob(recording: string, cdr: Cdr, { pbxId, timeZone, now }: FindDeps): Job {
  const end = findCallEnd(cdr, timeZone);
  return {
    version: 1,
    pbx: pbxId,
    recording,
    call: callOf(cdr),
    reportedAt: new Date(now()).toISOString(),
    ...(end !== undefined && { endedAt: new Date(end).toISOString() }),
  };
}
