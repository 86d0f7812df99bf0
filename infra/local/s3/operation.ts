import type { Readable } from 'node:stream';
import type { Bucket } from './bucket.ts';
import { S3Error } from './errors.ts';
import type { ObjectStore } from './object-store.ts';
import { queryParameter, type S3Request } from './request.ts';
import type { Authentication } from './signature.ts';

/** A genuine request, and what it may act on. */
export interface Call {
  readonly request: S3Request;
  readonly authentication: Authentication;
  readonly store: ObjectStore;
  readonly bucket: Bucket;
  readonly region: string;
  readonly nowMs: number;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

export type Operation = (call: Call) => Promise<Reply>;

export function xmlReply(document: string): Reply {
  return { headers: { 'content-type': 'application/xml' }, body: document };
}

/** A whole number from the query, between 0 and `maximum`: a page size or a part number. */
export function numberParameter(
  request: S3Request,
  name: string,
  fallback: number,
  maximum = fallback,
): number {
  const value = queryParameter(request, name);
  if (value === undefined) return fallback;
  if (!/^\d{1,9}$/.test(value)) throw new S3Error('InvalidArgument', `Provided ${name} is not an integer.`);
  return Math.min(Number(value), maximum);
}
