import { rm } from 'node:fs/promises';
import * as v from 'valibot';
import { receiveBody, receiveDocument } from './body.ts';
import { ChecksumType, checksumHeader, parseAlgorithm } from './checksum.ts';
import { completeUpload, ListedPart } from './complete-upload.ts';
import { writePrecondition } from './conditions.ts';
import { writeNewFile } from './durable-file.ts';
import { S3Error } from './errors.ts';
import { numberParameter, type Operation, xmlReply } from './operation.ts';
import { queryParameter, type S3Request } from './request.ts';
import { pickObjectHeaders } from './stored-object.ts';
import type { Upload } from './uploads.ts';
import { parseXml, toXml } from './xml.ts';

const MAXIMUM_PART_NUMBER = 10_000;

export const createMultipartUpload: Operation = async ({ request, authentication, bucket, nowMs }) => {
  await receiveDocument(request, authentication);
  const { key, headers } = request;
  const checksum = requestedChecksum(headers);
  const uploadId = await bucket.uploads.create({
    key,
    initiatedMs: nowMs,
    headers: pickObjectHeaders(headers),
    ...(checksum && { checksum }),
  });
  return xmlReply(
    toXml('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: uploadId }),
  );
};

function requestedChecksum(headers: S3Request['headers']): Upload['checksum'] {
  const name = headers['x-amz-checksum-algorithm'];
  if (name === undefined) return undefined;
  const algorithm = parseAlgorithm(name);
  const fallback = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
  const type = v.safeParse(ChecksumType, headers['x-amz-checksum-type']?.toUpperCase() ?? fallback);
  if (!type.success || (algorithm === 'CRC64NVME' && type.output === 'COMPOSITE')) {
    throw new S3Error('InvalidRequest', `This checksum type is not valid for ${algorithm}.`);
  }
  return { algorithm, type: type.output };
}

export const uploadPart: Operation = async ({ request, authentication, bucket }) => {
  const number = numberParameter(request, 'partNumber', 0, Number.MAX_SAFE_INTEGER);
  if (number < 1 || number > MAXIMUM_PART_NUMBER) {
    throw new S3Error('InvalidArgument', `partNumber must be between 1 and ${MAXIMUM_PART_NUMBER}.`);
  }
  if (request.headers['x-amz-copy-source'] !== undefined) {
    throw new S3Error('NotImplemented', 'UploadPartCopy is not implemented');
  }
  const upload = await bucket.uploads.get(uploadIdOf(request), request.key);
  const temporaryPath = bucket.temporaryPath();
  try {
    const { size, md5Hex, checksum } = await receiveBody(request, authentication, (bytes) =>
      writeNewFile(temporaryPath, bytes),
    );
    if (upload.checksum && upload.checksum.algorithm !== checksum?.algorithm) {
      throw new S3Error('InvalidRequest', `The upload takes ${upload.checksum.algorithm} checksums.`);
    }
    const etag = `"${md5Hex}"`;
    await bucket.uploads.putPart(upload.uploadId, temporaryPath, {
      number,
      size,
      etag,
      ...(checksum && { checksum }),
    });
    return { headers: { etag, ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }) } };
  } finally {
    await rm(temporaryPath, { force: true });
  }
};

const CompleteDocument = v.object({
  CompleteMultipartUpload: v.object({ Part: v.pipe(v.array(ListedPart), v.minLength(1)) }),
});

export const completeMultipartUpload: Operation = async ({ request, authentication, bucket, nowMs }) => {
  const { key, headers } = request;
  const document = parseXml(CompleteDocument, await receiveDocument(request, authentication));
  const listed = document.CompleteMultipartUpload.Part;
  const upload = await bucket.uploads.get(uploadIdOf(request), key);
  const precondition = writePrecondition(headers);
  const { etag, checksum } = await completeUpload({ bucket, upload, listed, headers, nowMs, precondition });
  return xmlReply(
    toXml('CompleteMultipartUploadResult', {
      Location: `http://${headers.host}/${bucket.name}/${key}`,
      Bucket: bucket.name,
      Key: key,
      ETag: etag,
      ...(checksum && { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }),
    }),
  );
};

export const abortMultipartUpload: Operation = async ({ request, bucket }) => {
  const { uploadId } = await bucket.uploads.get(uploadIdOf(request), request.key);
  await bucket.uploads.remove(uploadId);
  return { status: 204 };
};

function uploadIdOf(request: S3Request): string {
  return queryParameter(request, 'uploadId') ?? '';
}
