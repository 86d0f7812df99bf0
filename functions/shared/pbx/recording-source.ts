import type { Readable } from 'node:stream';
import { ArchiveError } from '../errors.ts';
import { decodeBody, type ResponseHeaders, readCodings } from './content-encoding.ts';
import { recordingTooLarge } from './errors.ts';
import type { RecordingSource } from './types.ts';

interface ResponseHead {
  statusCode: number;
  headers: ResponseHeaders;
}

/** Statuses of a response to a range request that `toRecordingSource` understands. */
export const RANGE_STATUSES = [200, 206, 416];

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

/**
 * Where in the file the response's body starts, and how large the file is. Throws if the body is another range than the
 * one from byte `from` on. A PBX that ignores ranges sends the complete file with status 200.
 */
function readRange(
  { statusCode, headers }: ResponseHead,
  from: number,
): Pick<RecordingSource, 'start' | 'totalBytes'> {
  if (statusCode === 200) return { start: 0, totalBytes: toCount(headers['content-length']) };
  const [, start, last, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(String(headers['content-range'])) ?? [];
  const isExpected =
    statusCode === 206 &&
    Number(start) === from &&
    (total === '*' || Number(last) === Number(total) - 1) &&
    // In an encoded range, the offsets count encoded bytes.
    readCodings(headers).length === 0;
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
