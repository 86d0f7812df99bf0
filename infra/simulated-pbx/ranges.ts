/** How the PBX treats a `Range` header. It announces support, but the guides do not say whether downloads have it. */
export type Ranges = 'honoured' | 'ignored' | 'wrong';

/** The part of a file that a response contains. */
export interface Selection {
  status: 200 | 206 | 416;
  headers: Record<string, string>;
  bytes: Buffer;
}

/** Supports only `bytes=N-`, up to the end of the file. `wrong`: the range begins one byte too late. */
export function selectRange(file: Buffer, range: string | undefined, ranges: Ranges): Selection {
  const headers = { 'Accept-Ranges': 'bytes' };
  const [, requestedStart] = /^bytes=(\d+)-$/.exec(range ?? '') ?? [];
  if (requestedStart === undefined || ranges === 'ignored') return { status: 200, headers, bytes: file };
  const start = ranges === 'wrong' ? Number(requestedStart) + 1 : Number(requestedStart);
  const contentRange = (value: string) => ({ ...headers, 'Content-Range': `bytes ${value}/${file.length}` });
  if (start >= file.length) return { status: 416, headers: contentRange('*'), bytes: Buffer.alloc(0) };
  return {
    status: 206,
    headers: contentRange(`${start}-${file.length - 1}`),
    bytes: file.subarray(start),
  };
}
