import type { Precondition } from './bucket.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { StoredObject } from './stored-object.ts';

type Headers = S3Request['headers'];

/** If-None-Match and If-Match of a write. */
export function writePrecondition(headers: Headers): Precondition {
  const { 'if-none-match': ifNoneMatch, 'if-match': ifMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', 'A write takes no other If-None-Match than *');
  }
  return (current) => {
    if (ifNoneMatch && current) throw preconditionFailed('If-None-Match');
    if (ifMatch && !current) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
    if (ifMatch && current && !matches(ifMatch, current)) throw preconditionFailed('If-Match');
  };
}

/** The conditions of a GET or HEAD, in the order of RFC 9110, section 13.2.2. */
export function checkReadConditions(headers: Headers, object: StoredObject): void {
  // HTTP dates have whole seconds.
  const modifiedMs = Math.floor(object.lastModifiedMs / 1000) * 1000;
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object)) throw preconditionFailed('If-Match');
  } else if (modifiedMs > Date.parse(headers['if-unmodified-since'] ?? '')) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, object)) throw notModified(object);
  } else if (modifiedMs <= Date.parse(headers['if-modified-since'] ?? '')) {
    throw notModified(object);
  }
}

function matches(list: string, { etag }: StoredObject): boolean {
  return list.split(',').some((item) => ['*', etag, etag.replaceAll('"', '')].includes(item.trim()));
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });
}

function notModified({ etag }: StoredObject): S3Error {
  return new S3Error('NotModified', 'Not Modified', { ETag: etag });
}
