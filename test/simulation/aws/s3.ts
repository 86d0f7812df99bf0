import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { XMLParser } from 'fast-xml-parser';
import { elapsedMs } from '../engine/virtual-time.ts';
import type { World } from '../world.ts';
import type { Invocation } from './invocation.ts';
import { emptyResponse, failure, S3Failure, toXml } from './s3-responses.ts';
import type { AwsRequest, AwsResponse, AwsService } from './transport.ts';

/** 5 MiB in S3; here recordings and parts have a thousandth of their size. */
const MINIMUM_PART_BYTES = 5 * 1024;
const MAX_KEYS = 7;
const LIFECYCLE_MS = 24 * 3_600_000;

export interface S3Object {
  bytes: Buffer;
  contentType: string;
  metadata: Record<string, string>;
  crc32: string;
  etag: string;
  /** Epoch ms; S3 tells it in whole seconds. */
  writtenAt: number;
}

export interface Upload {
  id: string;
  key: string;
  headers: Record<string, string>;
  parts: Map<number, { bytes: Buffer; etag: string }>;
  startedAt: number;
  /** The invocations that sent requests for it. */
  invocations: Set<Invocation>;
}

type Headers = Record<string, string>;

const FAILURES: Readonly<Record<string, readonly [status: number, code: string]>> = {
  throttled: [503, 'SlowDown'],
  denied: [403, 'AccessDenied'],
};

/** A bucket. It validates requests like S3, and passes every new object to `checks`. */
export class S3 implements AwsService {
  readonly name = 's3';
  readonly objects = new Map<string, S3Object>();
  readonly uploads = new Map<string, Upload>();
  readonly #world: World;
  #uploads = 0;
  #events = 0;
  /** Gets what EventBridge would. */
  onChange: (event: object, id: string) => void = () => {};
  #denied: 'nothing' | 'everything' | 'writes' = 'nothing';

  constructor(world: World) {
    this.#world = world;
  }

  /** Refuses requests as after a mistake in a policy or a key, which no retry passes. */
  deny(what: 'nothing' | 'everything' | 'writes'): void {
    this.#denied = what;
  }

  describe({ method, query, path, headers }: AwsRequest): string {
    const key = decodeURIComponent(path.slice(1));
    if (headers['x-amz-copy-source']) return `COPY to ${key}`;
    if ('list-type' in query) return `LIST ${query.prefix}`;
    if ('uploads' in query) return `BEGIN ${key}`;
    if (!('uploadId' in query)) return `${method} ${key}`;
    const verb = method === 'PUT' ? `PART ${query.partNumber}` : method === 'POST' ? 'COMPLETE' : 'ABORT';
    return `${verb} ${key} (${query.uploadId})`;
  }

  faults(request: AwsRequest): ReturnType<AwsService['faults']> {
    const isCompletion = request.method === 'POST' && 'uploadId' in request.query;
    return [
      ['s3-500', 'error'],
      ['s3-503', 'throttled'],
      ['s3-slow', 'slow'],
      ['s3-reset', 'reset'],
      ['s3-response-lost', 'response-lost'],
      ...(request.method === 'PUT' ? ([['s3-reset-in-body', 'reset-in-body']] as const) : []),
      ...(isCompletion ? ([['s3-error-in-200', 'error-in-200']] as const) : []),
    ] as ReturnType<AwsService['faults']>;
  }

  /** The required permissions of S3's API operations (S3 user guide). */
  permissions({ method, query, path, headers }: AwsRequest): ReturnType<AwsService['permissions']> {
    const resource = `archive/${decodeURIComponent(path.slice(1))}`;
    if ('list-type' in query) return [{ action: 's3:ListBucket', resource: 'archive' }];
    if (method === 'DELETE') return [{ action: 's3:AbortMultipartUpload', resource }];
    if (method === 'HEAD' || method === 'GET') return [{ action: 's3:GetObject', resource }];
    const source = headers['x-amz-copy-source'];
    return [
      { action: 's3:PutObject', resource },
      ...(source ? [{ action: 's3:GetObject', resource: decodeURIComponent(source) }] : []),
    ];
  }

  responseFor(fault: string, { method }: AwsRequest): AwsResponse {
    const [status, code] = FAILURES[fault] ?? ([500, 'InternalError'] as const);
    const response = failure(new S3Failure(status, code));
    if (fault === 'error-in-200') return { ...response, status: 200 };
    return method === 'HEAD' ? emptyResponse(status) : response;
  }

  onRequest({ query }: AwsRequest, invocation: Invocation): void {
    this.uploads.get(String(query.uploadId))?.invocations.add(invocation);
  }

  handle(request: AwsRequest, invocation: Invocation): AwsResponse {
    try {
      const isWrite = request.method === 'PUT' || request.method === 'POST';
      if (this.#denied === 'everything' || (this.#denied === 'writes' && isWrite)) {
        invocation.suffer('s3-denied');
        throw new S3Failure(403, 'AccessDenied');
      }
      return this.#operate(request, invocation);
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      return request.method === 'HEAD' ? emptyResponse(error.status) : failure(error);
    }
  }

  #operate(request: AwsRequest, invocation: Invocation): AwsResponse {
    const { method, query, path, headers } = request;
    const key = decodeURIComponent(path.slice(1));
    const bytes = toBuffer(request.body);
    if ('list-type' in query) return this.#list(query);
    if ('uploads' in query) return this.#begin(key, headers, invocation);
    if ('uploadId' in query) {
      const upload = this.uploads.get(String(query.uploadId));
      if (upload?.key !== key) {
        // AWS does not document which of the two S3 checks first.
        if (method === 'POST' && this.#world.latency.isTrue(0.5)) this.#checkConditions(key, headers);
        throw new S3Failure(404, 'NoSuchUpload');
      }
      if (method === 'PUT') return this.#putPart(upload, Number(query.partNumber), bytes, headers);
      if (method === 'POST') return this.#complete(upload, bytes.toString(), headers, invocation);
      this.uploads.delete(upload.id);
      return emptyResponse(204);
    }
    if (headers['x-amz-copy-source']) return this.#copy(key, headers, invocation);
    if (method === 'PUT') return this.#put(key, bytes, headers, invocation);
    return this.#read(key, headers, method === 'HEAD');
  }

  #read(key: string, headers: Headers, isHead: boolean): AwsResponse {
    const object = this.objects.get(key);
    if (object === undefined) throw new S3Failure(404, 'NoSuchKey');
    if (![undefined, object.etag].includes(headers['if-match']))
      throw new S3Failure(412, 'PreconditionFailed');
    const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
    return {
      status: 200,
      headers: {
        'content-length': String(object.bytes.length),
        'content-type': object.contentType,
        'last-modified': new Date(object.writtenAt).toUTCString(),
        etag: object.etag,
        ...(headers['x-amz-checksum-mode'] === 'ENABLED' && {
          'x-amz-checksum-crc32': object.crc32,
          'x-amz-checksum-type': 'FULL_OBJECT',
        }),
        ...Object.fromEntries(metadata),
      },
      body: isHead ? '' : object.bytes,
    };
  }

  #put(key: string, bytes: Buffer, headers: Headers, invocation: Invocation): AwsResponse {
    requireChecksum(bytes, headers);
    this.#write(key, bytes, headers, headers, invocation);
    return { status: 200, headers: { etag: this.objects.get(key)?.etag ?? '' } };
  }

  /** Copies the metadata and the checksum too, unless the request says otherwise (CopyObject, AWS API reference). */
  #copy(key: string, headers: Headers, invocation: Invocation): AwsResponse {
    const [, source = ''] = /^\/?archive\/(.*)$/.exec(headers['x-amz-copy-source'] ?? '') ?? [];
    const object = this.objects.get(decodeURIComponent(source));
    if (object === undefined) throw new S3Failure(404, 'NoSuchKey');
    const etag = headers['x-amz-copy-source-if-match'];
    if (etag !== undefined && etag !== object.etag) throw new S3Failure(412, 'PreconditionFailed');
    const { bytes, contentType, metadata } = object;
    this.#store(key, { bytes, contentType, metadata }, invocation);
    return { status: 200, body: toXml('CopyObjectResult', { ETag: this.objects.get(key)?.etag }) };
  }

  #begin(key: string, headers: Headers, invocation: Invocation): AwsResponse {
    this.#uploads += 1;
    const id = `upload-${this.#uploads}`;
    const upload = {
      id,
      key,
      headers,
      parts: new Map(),
      startedAt: elapsedMs(),
      invocations: new Set([invocation]),
    };
    this.uploads.set(id, upload);
    return { status: 200, body: toXml('InitiateMultipartUploadResult', { UploadId: id }) };
  }

  #putPart({ parts }: Upload, number: number, bytes: Buffer, headers: Headers): AwsResponse {
    requireChecksum(bytes, headers);
    const etag = `"${crc32(bytes).toString(16)}-${bytes.length}"`;
    // A copy, because the function reuses its buffer after the response.
    parts.set(number, { bytes: Buffer.from(bytes), etag });
    return { status: 200, headers: { etag } };
  }

  #complete(upload: Upload, body: string, headers: Headers, invocation: Invocation): AwsResponse {
    const listed = readParts(body);
    const parts = listed.map(({ PartNumber, ETag, ChecksumCRC32 }, index) => {
      const part = upload.parts.get(Number(PartNumber));
      if (Number(PartNumber) !== index + 1 || part?.etag !== ETag) throw new S3Failure(400, 'InvalidPart');
      if (ChecksumCRC32 !== checksumOf(part.bytes)) throw new S3Failure(400, 'InvalidPart');
      const isLast = index === listed.length - 1;
      if (!isLast && part.bytes.length < MINIMUM_PART_BYTES) throw new S3Failure(400, 'EntityTooSmall');
      return part.bytes;
    });
    const bytes = Buffer.concat(parts);
    if (headers['x-amz-mp-object-size'] !== String(bytes.length)) throw new S3Failure(400, 'InvalidRequest');
    requireChecksum(bytes, headers);
    this.#write(upload.key, bytes, headers, upload.headers, invocation);
    this.uploads.delete(upload.id);
    return { status: 200, body: toXml('CompleteMultipartUploadResult', { Key: upload.key }) };
  }

  #write(
    key: string,
    bytes: Buffer,
    conditions: Headers,
    objectHeaders: Headers,
    invocation: Invocation,
  ): void {
    const { faults } = this.#world;
    this.#checkConditions(key, conditions);
    const isConditional = conditions['if-none-match'] ?? conditions['if-match'];
    if (isConditional && faults.strikes('s3-conflict', invocation.name)) {
      invocation.suffer('s3-conflict');
      throw new S3Failure(409, 'ConditionalRequestConflict');
    }
    const metadata = Object.entries(objectHeaders).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name.slice(11), value]] : [],
    );
    const contentType = objectHeaders['content-type'] ?? '';
    this.#store(key, { bytes, contentType, metadata: Object.fromEntries(metadata) }, invocation);
  }

  /** S3's only conditional headers for writes are `If-None-Match: *` and `If-Match` (S3 user guide). */
  #checkConditions(key: string, headers: Headers): void {
    const object = this.objects.get(key);
    if (headers['if-none-match'] === '*' && object) throw new S3Failure(412, 'PreconditionFailed');
    const etag = headers['if-match'];
    if (etag === undefined) return;
    if (object === undefined) throw new S3Failure(404, 'NoSuchKey');
    if (object.etag !== etag) throw new S3Failure(412, 'PreconditionFailed');
  }

  #store(
    key: string,
    { bytes, ...description }: Pick<S3Object, 'bytes' | 'contentType' | 'metadata'>,
    invocation: Invocation,
  ): void {
    const object: S3Object = {
      ...description,
      bytes: Buffer.from(bytes),
      crc32: checksumOf(bytes),
      etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
      writtenAt: this.#world.now(),
    };
    const replaced = this.objects.get(key);
    this.objects.set(key, object);
    if (/^(?:recordings|reconciliation)\//.test(key)) {
      this.#events += 1;
      const time = new Date(object.writtenAt).toISOString();
      const event = { 'detail-type': 'Object Created', time, detail: { object: { key } } };
      this.onChange(event, `event-${this.#events}`);
    }
    const { checks } = this.#world;
    const [, pbx] = /^sessions\/(.+)\.json$/.exec(key) ?? [];
    if (pbx !== undefined) checks.logins.onLoginState(pbx, invocation, bytes.toString());
    else checks.recordings.onObject(key, object, replaced, invocation);
  }

  /** Pages are short, so that listings have several. */
  #list({
    prefix,
    'continuation-token': token,
    'encoding-type': encoding,
  }: AwsRequest['query']): AwsResponse {
    const keys = [...this.objects.keys()].filter(
      (key) => key.startsWith(String(prefix)) && key > String(token ?? ''),
    );
    const page = keys.sort().slice(0, MAX_KEYS);
    const encode = (key: string) =>
      encoding === 'url' ? encodeURIComponent(key).replaceAll('%20', '+') : key;
    return {
      status: 200,
      body: toXml('ListBucketResult', {
        ...(encoding === 'url' && { EncodingType: 'url' }),
        KeyCount: page.length,
        IsTruncated: page.length < keys.length,
        ...(page.length < keys.length && { NextContinuationToken: page.at(-1) }),
        Contents: page.map((key) => ({
          Key: encode(key),
          LastModified: lastModified(this.objects.get(key)),
          Size: this.objects.get(key)?.bytes.length,
          ETag: this.objects.get(key)?.etag,
        })),
      }),
    };
  }

  /** The lifecycle rule of the bucket. */
  abortOldUploads(): void {
    for (const upload of this.uploads.values()) {
      if (elapsedMs() - upload.startedAt < LIFECYCLE_MS) continue;
      this.uploads.delete(upload.id);
      this.#world.trace.add('s3', `lifecycle aborts ${upload.id} ${upload.key}`);
      this.#world.checks.recordings.onAbandonedUpload(upload);
    }
  }
}

const lastModified = (object: S3Object | undefined) =>
  new Date(Math.floor((object?.writtenAt ?? 0) / 1000) * 1000).toISOString();

function toBuffer(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (Array.isArray(body)) return Buffer.concat(body);
  throw new Error('The simulated S3 takes whole bodies only.');
}

function checksumOf(bytes: Buffer): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}

function requireChecksum(bytes: Buffer, headers: Headers): void {
  const given = headers['x-amz-checksum-crc32'];
  if (given === undefined) throw new S3Failure(400, 'InvalidRequest');
  if (given !== checksumOf(bytes)) throw new S3Failure(400, 'BadDigest');
}

interface ListedPart {
  PartNumber: string;
  ETag: string;
  ChecksumCRC32: string;
}

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'Part' });

function readParts(body: string): ListedPart[] {
  const { CompleteMultipartUpload } = parser.parse(body) as {
    CompleteMultipartUpload: { Part: ListedPart[] };
  };
  return CompleteMultipartUpload.Part;
}
