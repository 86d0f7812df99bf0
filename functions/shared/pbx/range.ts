import type { RecordingSource } from './types.ts';

interface Reply {
  statusCode: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The HTTP statuses that say something of a range, for a request that asked for one. */
export const RANGE_STATUSES = [200, 206, 416];

/**
 * Where in the file a reply's body begins, and how long the file is, when `from` was the first byte asked for.
 * `undefined` if the body is not what was asked for. A PBX that ignores ranges sends all of it, with status 200.
 */
export function readRange(
  { statusCode, headers }: Reply,
  from: number,
): Omit<RecordingSource, 'body'> | undefined {
  if (statusCode === 200) return { start: 0, totalBytes: toCount(headers['content-length']) };
  const [, start, last, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(String(headers['content-range'])) ?? [];
  if (statusCode !== 206 || Number(start) !== from) return undefined;
  if (total === '*') return { start: from, totalBytes: undefined };
  return Number(last) === Number(total) - 1 ? { start: from, totalBytes: toCount(total) } : undefined;
}

const toCount = (text: unknown) =>
  typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
