import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { writeNewFile } from '../durable-file.ts';
import { receiveDocument } from './body.ts';
import { compositeCrc32, findChecksum, requireChecksum, startChecksum } from './checksum.ts';
import { S3Error } from './errors.ts';
import { writePrecondition } from './object-operations.ts';
import type { Operation } from './operation.ts';
import type { S3Request } from './request.ts';
import type { StoredObject } from './stored-object.ts';
import { findUpload } from './upload-operations.ts';
import type { Part, Upload } from './uploads.ts';
import { parseXml, xmlResponse } from './xml.ts';

const MINIMUM_PART_BYTES = 5 * 1024 ** 2;

const ListedPart = v.object({
  PartNumber: v.pipe(v.string(), v.digits(), v.transform(Number)),
  ETag: v.pipe(
    v.string(),
    v.transform((etag) => etag.replaceAll('"', '')),
  ),
  ChecksumCRC32: v.optional(v.string()),
  ChecksumCRC64NVME: v.optional(v.string()),
});
const CompleteDocument = v.object({
  CompleteMultipartUpload: v.object({ Part: v.pipe(v.array(ListedPart), v.minLength(1)) }),
});

/** Joins an upload's parts into an object. After an error the upload stays open, to be retried or aborted. */
export const completeMultipartUpload: Operation = async (call) => {
  const { bucket, nowMs } = call;
  const { key, headers } = call.request;
  const document = parseXml(CompleteDocument, await receiveDocument(call));
  const upload = await findUpload(call);
  const stored = await bucket.uploads.parts(upload.uploadId);
  const parts = selectParts(document.CompleteMultipartUpload.Part, stored, upload);
  const size = parts.reduce((total, part) => total + part.size, 0);
  if (![undefined, String(size)].includes(headers['x-amz-mp-object-size'])) {
    throw new S3Error('InvalidRequest', `x-amz-mp-object-size is wrong: the parts have ${size} bytes.`);
  }
  const precondition = writePrecondition(headers);
  // The commit checks this again. Here, it avoids joining the parts for nothing.
  precondition(bucket.get(key));

  return bucket.withTemporaryFile(async (path) => {
    const running =
      upload.checksum?.type === 'FULL_OBJECT' ? startChecksum(upload.checksum.algorithm) : undefined;
    async function* joined(): AsyncGenerator<Buffer> {
      for await (const bytes of bucket.uploads.read(upload.uploadId, parts)) {
        running?.update(bytes);
        yield bytes;
      }
    }
    await writeNewFile(path, joined());
    const checksum = verifyChecksum(upload, parts, running?.base64(), headers);
    const etag = multipartEtag(parts);
    const object = { key, size, etag, lastModifiedMs: nowMs, headers: upload.headers };
    await bucket.commit(
      path,
      { ...object, ...(checksum && { checksum }) },
      precondition,
      'CompleteMultipartUpload',
    );
    await bucket.uploads.remove(upload.uploadId);
    return xmlResponse('CompleteMultipartUploadResult', {
      Location: `http://${headers.host}/${bucket.name}/${key}`,
      Bucket: bucket.name,
      Key: key,
      ETag: etag,
      ...(checksum && { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }),
    });
  });
};

function selectParts(
  listed: readonly v.InferOutput<typeof ListedPart>[],
  stored: readonly Part[],
  { checksum }: Upload,
): Part[] {
  const byNumberAndMd5 = new Map(stored.map((part) => [`${part.number} ${part.md5Hex}`, part]));
  return listed.map(({ PartNumber: number, ETag: etag, ...checksums }, index) => {
    if (number <= (listed[index - 1]?.PartNumber ?? 0)) {
      throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    const part = byNumberAndMd5.get(`${number} ${etag}`);
    const given = checksum && checksums[`Checksum${checksum.algorithm}`];
    if (!part || (given !== undefined && given !== part.checksum)) {
      throw new S3Error('InvalidPart', `Part ${number} is missing, or has a different ETag or checksum.`);
    }
    if (checksum?.type === 'COMPOSITE' && given === undefined) {
      throw new S3Error('InvalidRequest', `The checksum of part ${number} is missing in the request.`);
    }
    if (part.size < MINIMUM_PART_BYTES && index < listed.length - 1) {
      throw new S3Error('EntityTooSmall', `Part ${number} is not the last, and smaller than 5 MiB.`);
    }
    return part;
  });
}

/** Returns the object's checksum. Throws if the request states a different one. */
function verifyChecksum(
  { checksum }: Upload,
  parts: readonly Part[],
  fullObject: string | undefined,
  headers: S3Request['headers'],
): StoredObject['checksum'] {
  const given = findChecksum(headers);
  const givenType = headers['x-amz-checksum-type']?.toUpperCase() ?? checksum?.type;
  if ((given && given.algorithm !== checksum?.algorithm) || givenType !== checksum?.type) {
    throw new S3Error('InvalidRequest', 'The upload was created for a different kind of checksum.');
  }
  if (!checksum) return undefined;
  const value = fullObject ?? compositeCrc32(parts.map((part) => part.checksum));
  if (given) requireChecksum(given, value);
  return { ...checksum, value };
}

/** The MD5 of the parts' MD5s, followed by their number. */
function multipartEtag(parts: readonly Part[]): string {
  const md5 = createHash('md5');
  for (const { md5Hex } of parts) md5.update(md5Hex, 'hex');
  return `"${md5.digest('hex')}-${parts.length}"`;
}
