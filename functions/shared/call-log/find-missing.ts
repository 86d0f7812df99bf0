import type { Job } from '../jobs/job.ts';
import { mapConcurrently } from '../map-concurrently.ts';
import type { CdrWindow, Listing, PbxClient, UnreadableRow } from '../pbx/pbx-client.ts';
import { MARKER_KINDS, type MarkerKind, markerKey } from '../recordings/markers.ts';
import { recordingKey } from '../recordings/recording-name.ts';
import type { Session } from '../session/session.ts';
import { withToken } from '../session/with-token.ts';
import { log } from '../telemetry/log.ts';
import type { ArchiveIndex } from './archive-index.ts';
import { isWrittenBeforeEnd, type Recorded } from './merge-call-rows.ts';

/**
 * For a CDR file to arrive completely. A few PBXs that send theirs byte by byte would otherwise take all the time that a
 * run has for the others.
 */
const FILE_TIMEOUT_MS = 3 * 60_000;

/** The first of these counts: what was erased must not be fetched again, whatever became of its job. */
const ENDINGS = ['erased', 'ended', 'lost'] as const satisfies MarkerKind[];

export interface FindDeps {
  pbxId: string;
  client: Pick<PbxClient, 'listRecordings'>;
  session: Session;
  archive: ArchiveIndex;
  /** The PBX's IANA time zone. */
  timeZone: string;
  now: () => number;
  /** Aborts with an `ArchiveError` when the time is up. */
  signal: AbortSignal;
  fileTimeoutMs?: number;
}

export interface MissingRecording {
  /** The job that would archive it. */
  job: Job;
  /** When a reconciliation last queued a job for it (epoch ms). */
  queuedAt: number | undefined;
  /** An earlier job ended without the recording, or it was erased. No other job is queued unless a person asks for it. */
  ended: (typeof ENDINGS)[number] | undefined;
}

export interface Comparison {
  /** Recordings that the PBX's call log lists in the window, without those that the window before it has listed. */
  found: number;
  /** How many of them are in the archive. */
  present: number;
  /** Rows of the call log that cannot be used, and the first of them. */
  unreadable: number;
  unreadableRows: UnreadableRow[];
  /** Recordings found that are not in the archive, in the order of the call log. */
  missing: MissingRecording[];
  /** Every name that the PBX lists in the window. */
  listed: ReadonlySet<string>;
}

/**
 * Compares the PBX's call log with the archive. Changes nothing, except that it may renew the session. Rejects with the
 * errors of the PBX and S3, and with `cdr-malformed` if what the PBX lists is unusable.
 * `listedBefore` is `listed` of the window before this one: what a PBX lists in two windows may overlap.
 */
export async function findMissing(
  window: CdrWindow,
  deps: FindDeps,
  listedBefore: ReadonlySet<string> = new Set(),
): Promise<Comparison> {
  const { pbxId, archive, signal } = deps;
  const { recorded: all, ...unreadable } = await list(window, deps);
  const recorded = new Map([...all].filter(([name]) => !listedBefore.has(name)));
  const keyOf = (name: string) => recordingKey(pbxId, name);
  const stored = await archive.find([...recorded.keys()].map(keyOf), signal);
  const isCut = (name: string, recording: Recorded) =>
    isWrittenBeforeEnd(stored.get(keyOf(name)), recording, deps.now());
  const candidates = [...recorded].filter(
    ([name, recording]) => !stored.has(keyOf(name)) || isCut(name, recording),
  );

  const marked = await findMarkers(
    candidates.map(([name]) => name),
    deps,
  );
  const missing = candidates.flatMap(([name, recording]) => {
    const queuedAt = marked.queued.get(markerKey('queued', pbxId, name));
    const ended = ENDINGS.find((kind) => marked[kind].has(markerKey(kind, pbxId, name)));
    const job = toJob(name, recording, deps);
    if (!isCut(name, recording)) return [{ job, queuedAt, ended }];
    // A job queued before the end may have archived the beginning. One queued since has compared it with the rest.
    const isCompared = queuedAt !== undefined && queuedAt >= (recording.endedAt ?? 0);
    return isCompared ? [] : [{ job, queuedAt: undefined, ended }];
  });
  return {
    found: recorded.size,
    present: recorded.size - missing.length,
    ...unreadable,
    missing,
    listed: new Set(all.keys()),
  };
}

/** When each marker was written, by kind and key. */
async function findMarkers(
  names: string[],
  { pbxId, archive, signal }: FindDeps,
): Promise<Record<MarkerKind, ReadonlyMap<string, number>>> {
  const found = await mapConcurrently(MARKER_KINDS, MARKER_KINDS.length, async (kind) => {
    const keys = names.map((name) => markerKey(kind, pbxId, name));
    return [kind, await archive.find(keys, signal)] as const;
  });
  return Object.fromEntries(found) as Record<MarkerKind, ReadonlyMap<string, number>>;
}

async function list(window: CdrWindow, deps: FindDeps): Promise<Listing> {
  const { pbxId, client, session, timeZone, signal, fileTimeoutMs: timeoutMs = FILE_TIMEOUT_MS } = deps;
  const options = { timeZone, now: deps.now(), signal, timeoutMs };
  const listing = await withToken(session, (token) => client.listRecordings(token, window, options));
  const { unreadable, unreadableRows } = listing;
  // One line for all of them, with the first as an example.
  if (unreadable > 0) log('error', 'cdr-rows-unreadable', { pbx: pbxId, unreadable, ...unreadableRows[0] });
  return listing;
}

function toJob(recording: string, { call, endedAt, listedBytes }: Recorded, { pbxId, now }: FindDeps): Job {
  return {
    version: 1,
    pbx: pbxId,
    recording,
    call,
    reportedAt: new Date(now()).toISOString(),
    foundBy: 'reconciliation',
    ...(listedBytes !== undefined && { listedBytes }),
    ...(endedAt !== undefined && { endedAt: new Date(endedAt).toISOString() }),
  };
}
