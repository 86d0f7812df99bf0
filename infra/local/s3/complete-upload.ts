import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import * as v from 'valibot';
import type { Bucket, Precondition } from './bucket.ts';
import {
  Algorithm,
  checksumElement,
  compositeCrc32,
  findChecksum,
  requireChecksum,
  startChecksum,
} from './checksum.ts';
import { writeNewFile } from './durable-file.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { StoredObject } from './stored-object.ts';
import type { Part, Upload } from './uploads.ts';

const MINIMUM_PART_BYTES = 5 * 1024 ** 2;

/** A part as the client lists it when it completes the upload. */
export const ListedPart = v.object({
  PartNumber: v.pipe(v.string(), v.digits(), v.transform(Number)),
  ETag: v.string(),
  ...v.entriesFromList(Algorithm.options.map(checksumElement), v.optional(v.string())),
});
type ListedPart = v.InferOutput<typeof ListedPart>;

interface Completion {
  readonly bucket: Bucket;
  readonly upload: Upload;
  readonly listed: readonly ListedPart[];
  readonly headers: S3Request['headers'];
  readonly nowMs: number;
  readonly precondition: Precondition;
}

/** Joins an upload's parts into an object. When it throws, the upload stays open: to be mended, or aborted. */
export async function completeUpload(completion: Completion): Promise<StoredObject> {
  const { bucket, upload, listed, headers, nowMs, precondition } = completion;
  const parts = selectParts(listed, await bucket.uploads.parts(upload.uploadId), upload);
  const size = parts.reduce((total, part) => total + part.size, 0);
  requireObjectSize(headers['x-amz-mp-object-size'], size);
  // Checked when the object is put in place as well; here it spares the joining.
  precondition(bucket.get(upload.key));

  const temporaryPath = bucket.temporaryPath();
  try {
    const checksum =
      upload.checksum?.type === 'FULL_OBJECT' ? startChecksum(upload.checksum.algorithm) : undefined;
    async function* joined(): AsyncGenerator<Buffer> {
      for await (const bytes of bucket.uploads.read(upload.uploadId, parts)) {
        checksum?.update(bytes);
        yield bytes;
      }
    }
    await writeNewFile(temporaryPath, joined());
    const stored = objectChecksum(upload, parts, checksum?.base64(), headers);
    const object = await bucket.commit(
      temporaryPath,
      {
        key: upload.key,
        size,
        etag: multipartEtag(parts),
        lastModifiedMs: nowMs,
        headers: upload.headers,
        ...(stored && { checksum: stored }),
      },
      precondition,
    );
    await bucket.uploads.remove(upload.uploadId);
    return object;
  } finally {
    await rm(temporaryPath, { force: true });
  }
}

function selectParts(listed: readonly ListedPart[], stored: readonly Part[], { checksum }: Upload): Part[] {
  const byNumber = new Map(stored.map((part) => [part.number, part]));
  return listed.map(({ PartNumber: number, ETag: etag, ...checksums }, index) => {
    if (number <= (listed[index - 1]?.PartNumber ?? 0)) {
      throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    const part = byNumber.get(number);
    const given = part?.checksum && checksums[checksumElement(part.checksum.algorithm)];
    const isIntact =
      part?.etag === `"${etag.replaceAll('"', '')}"` && [undefined, part.checksum?.value].includes(given);
    if (!part || !isIntact) {
      const details = { PartNumber: String(number), ETag: etag };
      throw new S3Error('InvalidPart', 'A part is missing, or its ETag or checksum is another.', details);
    }
    if (checksum?.type === 'COMPOSITE' && given === undefined) {
      throw new S3Error('InvalidRequest', `The checksum of part ${number} is missing in the request.`);
    }
    if (part.size < MINIMUM_PART_BYTES && index < listed.length - 1) {
      const details = { PartNumber: String(number), MinSizeAllowed: String(MINIMUM_PART_BYTES) };
      throw new S3Error('EntityTooSmall', 'A part other than the last is below the minimum size', details);
    }
    return part;
  });
}

function requireObjectSize(given: string | undefined, size: number): void {
  if (given === undefined || given === String(size)) return;
  throw new S3Error('InvalidRequest', `x-amz-mp-object-size is ${given}, but the parts have ${size} bytes.`);
}

/** Throws unless the checksum that the request states is that of the object. */
function objectChecksum(
  { checksum }: Upload,
  parts: readonly Part[],
  fullObject: string | undefined,
  headers: S3Request['headers'],
): StoredObject['checksum'] {
  const given = findChecksum(headers);
  const givenType = headers['x-amz-checksum-type']?.toUpperCase() ?? checksum?.type;
  if ((given && given.algorithm !== checksum?.algorithm) || givenType !== checksum?.type) {
    throw new S3Error('InvalidRequest', 'The upload was created for another kind of checksum.');
  }
  if (!checksum) return undefined;
  const value = fullObject ?? compositeCrc32(parts.map((part) => part.checksum?.value ?? ''));
  if (given) requireChecksum(given, value);
  return { ...checksum, value };
}

/** The MD5 of the parts' MD5s, and their number. */
function multipartEtag(parts: readonly Part[]): string {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(etag.replaceAll('"', ''), 'hex');
  return `"${md5.digest('hex')}-${parts.length}"`;
}
