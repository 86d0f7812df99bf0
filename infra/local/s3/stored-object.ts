import * as v from 'valibot';
import { ChecksumType } from './checksum.ts';

/** An object's metadata, as kept on disk. */
export const StoredObject = v.object({
  key: v.string(),
  /** Path of the bytes, relative to the bucket's folder, always with `/`. */
  file: v.string(),
  size: v.number(),
  /** With its quotes, as in the ETag header. */
  etag: v.string(),
  lastModifiedMs: v.number(),
  /** Headers that GET and HEAD return: Content-Type and the like, and x-amz-meta-*. */
  headers: v.record(v.string(), v.string()),
  checksum: v.optional(v.object({ algorithm: v.string(), value: v.string(), type: ChecksumType })),
});
export type StoredObject = v.InferOutput<typeof StoredObject>;
