import type { Readable } from 'node:stream';
import { ArchiveError } from '../errors.ts';
import { decodeBody, type ResponseHeaders, readCodings } from './content-encoding.ts';
import { recordingTooLarge } from './errors.ts';

export interface RecordingSource {
  /** Has to be read to its end or destroyed. */
  body: Readable;
  /** Offset in the file at which the body starts: the requested one, or 0 if the PBX ignores ranges. */
  start: number;
  /** Size of the complete file, if the PBX states it. */
  totalBytes: number | undefined;
  /** Limit for the complete file. A body that exceeds it fails with `recordingTooLarge`. */
  maxBytes?: number;
  /** The body was compressed on the way. Such a download cannot be resumed: a range would count compressed bytes. */
  isDecoded?: boolean;
  /** The name under which the PBX delivers the file. Its format may be another one, too. */
  deliveredName?: string;
  /** Throws the failure that the PBX reports by JSON instead of a recording. Returns if the JSON reports none. */
  readFailure?: (json: string) => void;
}

interface ResponseHead {
  statusCode: number;
  headers: ResponseHeaders;
}

/** Statuses that `toRecordingSource` understands. Some servers send a whole file with 206 although no range was requested. */
export const RECORDING_STATUSES = [200, 206];
export const RANGE_STATUSES = [...RECORDING_STATUSES, 416];

/**
 * The recording in a response to a request that starts at byte `from`. If it is another range, or too large, closes the
 * connection before the body is read.
 */
export async function toRecordingSource(
  response: ResponseHead & { body: Readable },
  {
    from,
    maxBytes,
    readFailure,
  }: { from: number } & Required<Pick<RecordingSource, 'maxBytes' | 'readFailure'>>,
): Promise<RecordingSource> {
  try {
    const range = readRange(response, from);
    const { totalBytes = 0 } = range;
    if (totalBytes > maxBytes) throw recordingTooLarge(totalBytes, maxBytes);
    // The middle of a recording may start like anything.
    if (range.start > 0) return { body: response.body, ...range, maxBytes };
    const { body, isDecoded } = await decodeBody(response);
    const limits = { maxBytes, readFailure };
    if (isDecoded) return { body, start: 0, totalBytes: undefined, ...limits, isDecoded };
    return { body, ...range, ...limits };
  } catch (error) {
    response.body.destroy();
    throw error;
  }
}

/** The unit is case-insensitive (RFC 9110, 14.1). */
const CONTENT_RANGE = /^bytes +(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i;

/**
 * Where in the file the response's body starts, and how large the file is. Throws if the body is another range than the
 * one from byte `from` on. A PBX that ignores ranges sends the complete file with status 200. With that status, too, a
 * body is a range if it says so: taken for the complete file, it would be archived without its start or its end.
 */
function readRange(
  { statusCode, headers }: ResponseHead,
  from: number,
): Pick<RecordingSource, 'start' | 'totalBytes'> {
  const [range, start, last, total] = CONTENT_RANGE.exec(String(headers['content-range'])) ?? [];
  const length = toCount(headers['content-length']);
  if (statusCode === 200 && range === undefined) return { start: 0, totalBytes: length };
  // No range was requested, and the response does not say how much of the file it is.
  const isUnspoken = headers['content-range'] === undefined && from === 0;
  if (statusCode === 206 && isUnspoken) return { start: 0, totalBytes: undefined };
  // Some servers take the size for the last offset.
  const isToEnd =
    total === '*' ||
    Number(last) === Number(total) - 1 ||
    (last === total && length === Number(total) - Number(start));
  const isExpected =
    RECORDING_STATUSES.includes(statusCode) &&
    Number(start) === from &&
    isToEnd &&
    // In an encoded range, the offsets count encoded bytes.
    (from === 0 || readCodings(headers).length === 0);
  if (!isExpected) throw badRange(statusCode);
  return { start: from, totalBytes: toCount(total) };
}

const toCount = (text: unknown) =>
  typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const badRange = (statusCode: number) =>
  new ArchiveError(
    'pbx-bad-range',
    `The PBX returned a different byte range than requested (HTTP status ${statusCode}).`,
  );
