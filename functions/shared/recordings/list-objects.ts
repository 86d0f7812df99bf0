import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { withSignal } from '../aws-clients.ts';

/** An object as a listing has it. */
export interface ListedObject {
  key: string;
  bytes: number;
  /** With its quotes. */
  etag: string;
  /** When it was written (epoch ms). */
  writtenAt: number;
}

export interface Listing {
  /** The folder that these are all the objects of, such as `recordings/hq/2026/01/15`. Absent if they are only some. */
  folder?: string;
  objects: readonly ListedObject[];
}

/** Yields the objects whose keys begin with `prefix`: a request returns up to a thousand. */
export async function* listObjects(
  s3: S3Client,
  bucket: string,
  prefix: string,
  abortSignal?: AbortSignal,
): AsyncGenerator<ListedObject, void> {
  const request = {
    Bucket: bucket,
    Prefix: prefix,
    // XML cannot represent every character that a name may contain.
    EncodingType: 'url',
  } as const;
  const pages = paginateListObjectsV2({ client: s3 }, request, withSignal(abortSignal));
  for await (const { Contents = [], EncodingType } of pages) {
    for (const { Key = '', Size = 0, ETag = '', LastModified } of Contents) {
      const key = decodeKey(Key, EncodingType);
      yield { key, bytes: Size, etag: ETag, writtenAt: LastModified?.getTime() ?? 0 };
    }
  }
}

/**
 * A key of a listing for which `url` was the requested encoding. Some S3-compatible stores ignore that. AWS encodes a
 * space as "+". A key that is not encoded, whatever the response says, must not fail the whole listing.
 */
export function decodeKey(key: string, encoding: string | undefined): string {
  if (encoding !== 'url') return key;
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
