/** What the PBX makes of a `Range`. It announces that it takes them; no guide says whether the download does. */
export type Ranges = 'honoured' | 'ignored' | 'wrong';

/** What of a file a reply holds. */
export interface Selection {
  status: 200 | 206 | 416;
  headers: Record<string, string>;
  bytes: Buffer;
}

/** Of all ranges only `bytes=N-` is looked at, to the end of the file. `wrong`: it begins a byte later. */
export function selectRange(file: Buffer, range: string | undefined, ranges: Ranges): Selection {
  const headers = { 'Accept-Ranges': 'bytes' };
  const [, asked] = /^bytes=(\d+)-$/.exec(range ?? '') ?? [];
  if (asked === undefined || ranges === 'ignored') return { status: 200, headers, bytes: file };
  const start = ranges === 'wrong' ? Number(asked) + 1 : Number(asked);
  const contentRange = (value: string) => ({ ...headers, 'Content-Range': `bytes ${value}/${file.length}` });
  if (start >= file.length) return { status: 416, headers: contentRange('*'), bytes: Buffer.alloc(0) };
  return {
    status: 206,
    headers: contentRange(`${start}-${file.length - 1}`),
    bytes: file.subarray(start),
  };
}
