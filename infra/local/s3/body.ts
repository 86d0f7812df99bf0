import { createHash } from 'node:crypto';
import { decodeAwsChunked } from './aws-chunked.ts';
import { type Checksum, findChecksum, requireChecksum, startChecksum } from './checksum.ts';
import { S3Error } from './errors.ts';
import type { Call } from './operation.ts';
import type { S3Request } from './request.ts';

export interface ReceivedBody {
  readonly size: number;
  readonly md5Hex: string;
  /** The checksum that the client sent, if it sent one. */
  readonly checksum: Checksum | undefined;
}

const MAXIMUM_OBJECT_BYTES = 5 * 1024 ** 3;
const MAXIMUM_DOCUMENT_BYTES = 4 * 1024 ** 2;
/** Values of x-amz-content-sha256 other than a hash. */
const UNSIGNED = 'UNSIGNED-PAYLOAD';
const UNSIGNED_CHUNKS = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/**
 * Streams an object's or a part's bytes into `sink`, then checks them against everything that the request
 * states about them: length, SHA-256, MD5, checksum. If this throws, discard what the sink has received.
 */
export function receiveBody(call: Call, sink: (bytes: AsyncIterable<Buffer>) => Promise<void>) {
  return receive(call, findChecksum(call.request.headers), MAXIMUM_OBJECT_BYTES, sink);
}

/**
 * Reads a small document, such as the list of parts, into memory. A checksum in the headers is not checked:
 * that of CompleteMultipartUpload is the object's, not the document's.
 */
export async function receiveDocument(call: Call): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await receive(call, undefined, MAXIMUM_DOCUMENT_BYTES, async (bytes) => {
    for await (const piece of bytes) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

async function receive(
  { request: { headers, message }, payloadHash }: Call,
  headerChecksum: Checksum | undefined,
  maximumBytes: number,
  sink: (bytes: AsyncIterable<Buffer>) => Promise<void>,
): Promise<ReceivedBody> {
  const isHash = /^[0-9a-f]{64}$/.test(payloadHash);
  if (!isHash && payloadHash !== UNSIGNED && payloadHash !== UNSIGNED_CHUNKS) {
    throw new S3Error(
      'NotImplemented',
      `This server does not implement x-amz-content-sha256: ${payloadHash}`,
    );
  }
  const isChunked = payloadHash === UNSIGNED_CHUNKS;
  const declaredSize = readDeclaredSize(headers, isChunked);
  if (declaredSize > maximumBytes) throw new S3Error('EntityTooLarge', 'The body is too large.');
  const announced = findChecksum({ [headers['x-amz-trailer']?.trim().toLowerCase() ?? '']: '' });
  const algorithm = (headerChecksum ?? announced)?.algorithm;

  let size = 0;
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  const computed = algorithm && startChecksum(algorithm);
  const trailers: Record<string, string> = {};
  // By default, leaving the loop early would destroy the socket that the error has to be sent on.
  const wire: AsyncIterable<Buffer> = message.iterator({ destroyOnReturn: false });

  async function* measured(): AsyncGenerator<Buffer> {
    for await (const bytes of isChunked ? decodeAwsChunked(wire, trailers) : wire) {
      size += bytes.length;
      if (size > declaredSize) break;
      md5.update(bytes);
      if (isHash) sha256.update(bytes);
      computed?.update(bytes);
      yield bytes;
    }
    if (size !== declaredSize) throw new S3Error('IncompleteBody', 'The body is not as long as announced.');
  }
  await sink(measured());

  if (isHash && sha256.digest('hex') !== payloadHash) {
    throw new S3Error('XAmzContentSHA256Mismatch', 'x-amz-content-sha256 does not match what we received.');
  }
  const md5Bytes = md5.digest();
  requireMd5(headers['content-md5'], md5Bytes);
  const checksum = headerChecksum ?? (announced && findChecksum(trailers));
  if (computed && !checksum)
    throw new S3Error('MalformedTrailerError', 'The announced checksum was not sent.');
  if (computed && checksum) requireChecksum(checksum, computed.base64());
  return { size, md5Hex: md5Bytes.toString('hex'), checksum };
}

function readDeclaredSize(headers: S3Request['headers'], isChunked: boolean): number {
  const declared = isChunked ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (declared === undefined && !isChunked && headers['transfer-encoding'] === undefined) return 0;
  if (declared !== undefined && /^\d+$/.test(declared)) return Number(declared);
  throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
}

function requireMd5(given: string | undefined, computed: Buffer): void {
  if (given === undefined || given === computed.toString('base64')) return;
  const isWellFormed = Buffer.from(given, 'base64').length === computed.length;
  throw new S3Error(
    isWellFormed ? 'BadDigest' : 'InvalidDigest',
    'Content-MD5 does not match what we received.',
  );
}
