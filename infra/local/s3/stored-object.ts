import * as v from 'valibot';
import { ChecksumType } from './checksum.ts';

/** What is kept of an object beside its bytes, as JSON. */
export const StoredObject = v.object({
  key: v.string(),
  /** Where the bytes are, from the bucket's folder, always with `/`. */
  file: v.string(),
  size: v.number(),
  /** With its quotes, as in the ETag header. */
  etag: v.string(),
  lastModifiedMs: v.number(),
  /** The headers that come back with GET and HEAD: Content-Type and its like, and x-amz-meta-. */
  headers: v.record(v.string(), v.string()),
  checksum: v.optional(v.object({ algorithm: v.string(), value: v.string(), type: ChecksumType })),
});
export type StoredObject = v.InferOutput<typeof StoredObject>;

const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** Picks the headers of a PutObject or CreateMultipartUpload request that belong to the object. */
export function pickObjectHeaders(
  headers: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const [name, value] of Object.entries(headers)) {
    if (value && (KEPT_HEADERS.includes(name) || name.startsWith('x-amz-meta-'))) kept[name] = value;
  }
  // `aws-chunked` is how the upload travelled, not how the object is encoded.
  const encoding = kept['content-encoding']
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== 'aws-chunked');
  if (encoding?.length) kept['content-encoding'] = encoding.join(',');
  else delete kept['content-encoding'];
  return kept;
}
