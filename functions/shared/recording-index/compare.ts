import { mapConcurrently } from '../map-concurrently.ts';
import type { ListedObject, Listing } from '../recordings/list-objects.ts';
import { MARKER_KINDS, markedRecording, markerKey, marksNotRecorded } from '../recordings/markers.ts';
import { parseRecordingKey, recordingKey } from '../recordings/recording-name.ts';
import type { IndexTable } from './index-table.ts';
import { LAYOUT, type RowItem } from './item.ts';

/** Dates in names are local, and a call may have begun long before its recording. */
const MARGIN_MS = 26 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

/** Requests at once for the rows of single objects. */
const CONCURRENT_READS = 10;

/** Names of the PBX's recordings whose rows may not say what the listings say. */
export async function findDifferences(
  pbx: string,
  listings: readonly Listing[],
  table: Pick<IndexTable, 'list' | 'find'>,
  signal?: AbortSignal,
): Promise<string[]> {
  const folders = listings.flatMap(({ folder }) => folder ?? []);
  const rows = await readRows(pbx, folders, table, signal);
  const listed = listings.flatMap((listing) => listing.objects);
  const objects = new Map<string, ListedObject>();
  for (const object of listed) {
    const recording = parseRecordingKey(object.key)?.recording;
    if (recording !== undefined) objects.set(recording, object);
  }
  const markers = readMarkers(listed);
  const isListed = (key: string) => isIn(folders, key);
  const single = [...objects.keys()].filter((recording) => !isListed(recordingKey(pbx, recording)));
  await mapConcurrently(single, CONCURRENT_READS, async (recording) => {
    const row = await table.find(pbx, recording, signal);
    if (row !== undefined) rows.set(recording, row);
  });
  // Those of erased recordings have no names, and no rows.
  const areMarkersListed = (recording: string) =>
    MARKER_KINDS.filter((kind) => kind !== 'erased').every((kind) =>
      isListed(markerKey(kind, pbx, recording)),
    );
  const names = new Set([...objects.keys(), ...markers.keys(), ...rows.keys()]);
  return [...names].filter((recording) => {
    const [row, object, marker] = [rows.get(recording), objects.get(recording), markers.get(recording)];
    if (object !== undefined) return row === undefined || !isRowOf(row, object);
    // Whether there is an object is not known.
    if (!isListed(recordingKey(pbx, recording))) return false;
    if (row === undefined) return marker !== undefined && marker !== 'not-recorded';
    if (marker === undefined) return row.state === 'archived' || areMarkersListed(recording);
    return (
      row.state === 'archived' || marker === 'not-recorded' || (row.state === 'waiting' && marker === 'ended')
    );
  });
}

/** What the markers say of each recording. If there are several, the kind that comes last counts, as in BucketReader. */
function readMarkers(listed: readonly ListedObject[]): Map<string, 'queued' | 'ended' | 'not-recorded'> {
  const markers = new Map<string, 'queued' | 'ended' | 'not-recorded'>();
  for (const kind of ['queued', 'lost', 'ended'] as const) {
    for (const object of listed.filter(({ key }) => key.startsWith(`reconciliation/${kind}/`))) {
      const recording = markedRecording(object.key)?.recording;
      if (recording === undefined) continue;
      markers.set(recording, kind === 'queued' ? kind : marksNotRecorded(object) ? 'not-recorded' : 'ended');
    }
  }
  return markers;
}

function isRowOf(row: RowItem, { bytes, etag, writtenAt }: ListedObject): boolean {
  // Only listings state fractions of a second, and not those of AWS.
  const isOfTime = Math.floor(Date.parse(row.archivedAt ?? '') / 1000) === Math.floor(writtenAt / 1000);
  return (
    row.state === 'archived' && row.layout === LAYOUT && row.bytes === bytes && row.etag === etag && isOfTime
  );
}

const isIn = (folders: readonly string[], key: string) =>
  folders.some((folder) => key.startsWith(`${folder}/`));

/** The rows of the recordings that belong into these folders, by name. */
async function readRows(
  pbx: string,
  folders: readonly string[],
  table: Pick<IndexTable, 'list'>,
  signal: AbortSignal | undefined,
): Promise<Map<string, RowItem>> {
  const rows = new Map<string, RowItem>();
  for (const [from, to] of periodsOf(folders)) {
    for await (const row of table.list(pbx, from, to, signal)) rows.set(row.recording, row);
  }
  return new Map([...rows].filter(([recording]) => isIn(folders, recordingKey(pbx, recording))));
}

/** The periods in which calls of these folders may have begun, as few as possible. All of time for one without a day. */
function periodsOf(folders: readonly string[]): [from: number, to: number][] {
  const days = folders
    .filter((folder) => folder.startsWith('recordings/'))
    .map((folder) => Date.parse(/\/(\d{4}\/\d\d\/\d\d)/.exec(folder)?.[1]?.replaceAll('/', '-') ?? ''))
    .sort((a, b) => a - b);
  if (days.some(Number.isNaN)) return [[0, Date.UTC(9999, 0)]];
  const periods: [from: number, to: number][] = [];
  for (const day of days) {
    const [from, to] = [day - MARGIN_MS, day + DAY_MS + MARGIN_MS];
    const last = periods.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else periods.push([from, to]);
  }
  return periods;
}
