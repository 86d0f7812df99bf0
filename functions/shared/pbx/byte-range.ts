import { ArchiveError } from '../errors.ts';
import { type Headers, readCodings } from './content-encoding.ts';

interface ResponseHead {
  statusCode: number;
  headers: Headers;
}

interface ByteRange {
  /** Offset in the file. */
  start: number;
  /** Size of the complete file, if the PBX states it. */
  totalBytes: number | undefined;
}

/** Statuses of a response to a range request that `readRange` understands. */
export const RANGE_STATUSES = [200, 206, 416];

/**
 * Where in the file the response's body starts, and how large the file is, for a request that starts at byte `from`.
 * `undefined` if the body is another range. A PBX that ignores ranges sends the complete file with status 200.
 */
export function readRange({ statusCode, headers }: ResponseHead, from: number): ByteRange | undefined {
  if (statusCode === 200) return { start: 0, totalBytes: toCount(headers['content-length']) };
  const [, start, last, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(String(headers['content-range'])) ?? [];
  // In an encoded range, the offsets count encoded bytes.
  if (statusCode !== 206 || Number(start) !== from || readCodings(headers).length > 0) return undefined;
  if (total === '*') return { start: from, totalBytes: undefined };
  return Number(last) === Number(total) - 1 ? { start: from, totalBytes: toCount(total) } : undefined;
}

const toCount = (text: unknown) =>
  typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

export const badRange = (statusCode: number) =>
  new ArchiveError(
    'pbx-bad-range',
    `The PBX returned a different byte range than requested (HTTP status ${statusCode}).`,
  );
