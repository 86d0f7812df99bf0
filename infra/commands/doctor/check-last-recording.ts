import { QUIET_DAYS } from './check-reports.ts';
import { ok, type Result, toDo } from './finding.ts';
import type { NewestRecording } from './newest-recording.ts';

const DAY_MS = 24 * 60 * 60_000;

const REMEDY =
  'Make a recorded call. If it is not archived a minute after its end, see docs/runbook.md#nothing-archived.';

/** The name is not shown: it has phone numbers. */
export function checkLastRecording(newest: NewestRecording | undefined, now: number): Result {
  if (newest === undefined) return toDo(`Nothing has been archived yet. ${REMEDY}`);
  const time = new Date(newest.archivedAt).toLocaleString('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return now - newest.archivedAt <= QUIET_DAYS * DAY_MS
    ? ok(`archived at ${time}`)
    : toDo(`Nothing has been archived since ${time}. ${REMEDY}`);
}
