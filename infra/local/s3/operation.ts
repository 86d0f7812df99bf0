import type { Readable } from 'node:stream';
import type { Bucket } from './bucket.ts';
import type { Buckets } from './buckets.ts';
import type { S3Request } from './request.ts';

/** A genuine request, and what it may act on. */
export interface Call {
  readonly request: S3Request;
  /** What the signature says about the body. */
  readonly payloadHash: string;
  readonly buckets: Buckets;
  /** The bucket that the request names. Reading this throws `NoSuchBucket` if it does not exist. */
  readonly bucket: Bucket;
  readonly nowMs: number;
}

export interface S3Response {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

export type Operation = (call: Call) => S3Response | Promise<S3Response>;
