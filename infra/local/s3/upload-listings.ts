import { checksumElement } from './checksum.ts';
import { numberParameter, type Operation, xmlReply } from './operation.ts';
import { queryParameter } from './request.ts';
import { uploadIdOf } from './upload-operations.ts';
import type { Upload } from './uploads.ts';
import { toXml } from './xml.ts';

const MAXIMUM_LISTED = 1000;

export const listParts: Operation = async ({ request, bucket }) => {
  const upload = await bucket.uploads.get(uploadIdOf(request), request.key);
  const marker = numberParameter(request, 'part-number-marker', 0, Number.MAX_SAFE_INTEGER);
  const limit = numberParameter(request, 'max-parts', MAXIMUM_LISTED);
  const remaining = (await bucket.uploads.parts(upload.uploadId)).filter(({ number }) => number > marker);
  const page = remaining.slice(0, limit);
  return xmlReply(
    toXml('ListPartsResult', {
      Bucket: bucket.name,
      Key: upload.key,
      UploadId: upload.uploadId,
      PartNumberMarker: marker,
      NextPartNumberMarker: page.at(-1)?.number ?? 0,
      MaxParts: limit,
      IsTruncated: remaining.length > page.length,
      ChecksumAlgorithm: upload.checksum?.algorithm,
      ChecksumType: upload.checksum?.type,
      StorageClass: 'STANDARD',
      Part: page.map(({ number, lastModifiedMs, etag, size, checksum }) => ({
        PartNumber: number,
        LastModified: new Date(lastModifiedMs).toISOString(),
        ETag: etag,
        Size: size,
        ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value }),
      })),
    }),
  );
};

export const listMultipartUploads: Operation = async ({ request, bucket }) => {
  const prefix = queryParameter(request, 'prefix') ?? '';
  const keyMarker = queryParameter(request, 'key-marker') ?? '';
  const uploadIdMarker = queryParameter(request, 'upload-id-marker') ?? '';
  const limit = numberParameter(request, 'max-uploads', MAXIMUM_LISTED);
  const order = ({ key, uploadId }: Pick<Upload, 'key' | 'uploadId'>) => Buffer.from(`${key}\0${uploadId}`);
  // Without an upload ID, the marker's own uploads are not listed again.
  const after = order({ key: keyMarker, uploadId: uploadIdMarker || '~' });
  const remaining = (await bucket.uploads.list())
    .filter(
      (upload) => upload.key.startsWith(prefix) && (!keyMarker || Buffer.compare(order(upload), after) > 0),
    )
    .sort((left, right) => Buffer.compare(order(left), order(right)));
  const page = remaining.slice(0, limit);
  return xmlReply(
    toXml('ListMultipartUploadsResult', {
      Bucket: bucket.name,
      KeyMarker: keyMarker,
      UploadIdMarker: uploadIdMarker,
      NextKeyMarker: page.at(-1)?.key ?? '',
      NextUploadIdMarker: page.at(-1)?.uploadId ?? '',
      MaxUploads: limit,
      IsTruncated: remaining.length > page.length,
      Prefix: prefix,
      Upload: page.map(({ key, uploadId, initiatedMs, checksum }) => ({
        Key: key,
        UploadId: uploadId,
        Initiated: new Date(initiatedMs).toISOString(),
        StorageClass: 'STANDARD',
        ChecksumAlgorithm: checksum?.algorithm,
        ChecksumType: checksum?.type,
      })),
    }),
  );
};
