import * as v from 'valibot';
import { writeNewFile } from '../durable-file.ts';
import { receiveBody, receiveDocument } from './body.ts';
import { ChecksumType, checksumHeader, parseAlgorithm } from './checksum.ts';
import { S3Error } from './errors.ts';
import { pickObjectHeaders } from './object-operations.ts';
import type { Call, Operation } from './operation.ts';
import { numberParameter, queryParameter, type S3Request } from './request.ts';
import type { Upload } from './uploads.ts';
import { xmlResponse } from './xml.ts';

const MAXIMUM_PART_NUMBER = 10_000;

export const createMultipartUpload: Operation = async (call) => {
  const { request, bucket, nowMs } = call;
  await receiveDocument(call);
  const { key, headers } = request;
  const checksum = requestedChecksum(headers);
  const UploadId = await bucket.uploads.create({
    key,
    initiatedMs: nowMs,
    headers: pickObjectHeaders(headers),
    ...(checksum && { checksum }),
  });
  return xmlResponse('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId });
};

function requestedChecksum(headers: S3Request['headers']): Upload['checksum'] {
  const name = headers['x-amz-checksum-algorithm'];
  if (name === undefined) return undefined;
  const algorithm = parseAlgorithm(name);
  const fallback = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
  const type = v.safeParse(ChecksumType, headers['x-amz-checksum-type']?.toUpperCase() ?? fallback);
  if (type.success && (type.output === 'FULL_OBJECT' || algorithm === 'CRC32')) {
    return { algorithm, type: type.output };
  }
  throw new S3Error('InvalidRequest', `This checksum type is not valid for ${algorithm}.`);
}

export const uploadPart: Operation = async (call) => {
  const { bucket } = call;
  const number = numberParameter(call.request, 'partNumber', 0);
  if (number < 1 || number > MAXIMUM_PART_NUMBER) {
    throw new S3Error('InvalidArgument', `partNumber must be between 1 and ${MAXIMUM_PART_NUMBER}.`);
  }
  const upload = await findUpload(call);
  return bucket.withTemporaryFile(async (path) => {
    const { size, md5Hex, checksum } = await receiveBody(call, (bytes) => writeNewFile(path, bytes));
    const { algorithm } = upload.checksum ?? {};
    if (algorithm && checksum?.algorithm !== algorithm) {
      throw new S3Error('InvalidRequest', `A part of this upload needs a ${algorithm} checksum.`);
    }
    const part = { number, size, md5Hex, checksum: (algorithm && checksum?.value) ?? '' };
    await bucket.uploads.addPart(upload.uploadId, path, part);
    const checksumHeaders = checksum && { [checksumHeader(checksum.algorithm)]: checksum.value };
    return { headers: { etag: `"${md5Hex}"`, ...checksumHeaders } };
  });
};

export const abortMultipartUpload: Operation = async (call) => {
  const { uploadId } = await findUpload(call);
  await call.bucket.uploads.remove(uploadId);
  return { status: 204 };
};

/** Lists all uploads in progress on one page. */
export const listMultipartUploads: Operation = async ({ request, bucket }) => {
  const prefix = queryParameter(request, 'prefix') ?? '';
  const uploads = (await bucket.uploads.list()).filter(({ key }) => key.startsWith(prefix));
  return xmlResponse('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    Prefix: prefix,
    IsTruncated: false,
    Upload: uploads.map(({ key, uploadId, initiatedMs }) => ({
      Key: key,
      UploadId: uploadId,
      Initiated: new Date(initiatedMs).toISOString(),
      StorageClass: 'STANDARD',
    })),
  });
};

/** Finds the upload that the request names. Throws `NoSuchUpload`. */
export function findUpload({ request, bucket }: Call): Promise<Upload> {
  return bucket.uploads.get(queryParameter(request, 'uploadId') ?? '', request.key);
}
