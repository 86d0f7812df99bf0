import { randomUUID } from 'node:crypto';
import type { StoredObject } from './stored-object.ts';

/** A change of an object, with the reason that S3's events give for it. */
export interface ObjectChange {
  readonly bucket: string;
  readonly reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload' | 'DeleteObject';
  readonly object: Pick<StoredObject, 'key' | 'size' | 'etag'>;
}

/**
 * The event that EventBridge would deliver for a change:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function toEventBridgeEvent({ bucket, reason, object }: ObjectChange, region: string, nowMs: number) {
  const { key, size, etag } = object;
  const isDeleted = reason === 'DeleteObject';
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': isDeleted ? 'Object Deleted' : 'Object Created',
    source: 'aws.s3',
    account: '000000000000',
    // EventBridge states whole seconds.
    time: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    region,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: {
        key,
        ...(!isDeleted && { size }),
        etag: etag.replaceAll('"', ''),
        sequencer: nowMs.toString(16).toUpperCase().padStart(16, '0'),
      },
      'request-id': randomUUID(),
      requester: '000000000000',
      'source-ip-address': '127.0.0.1',
      reason,
      ...(isDeleted && { 'deletion-type': 'Permanently Deleted' }),
    },
  };
}
