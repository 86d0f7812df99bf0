import { createHash } from 'node:crypto';
import { decodeAwsChunked, type Trailers } from './aws-chunked.ts';
import { type Checksum, findChecksum, requireChecksum, startChecksum } from './checksum.ts';
import { S3Error } from './errors.ts';
import { queryParameter, type S3Request } from './request.ts';
import type { Authentication } from './signature.ts';

export interface ReceivedBody {
  readonly size: number;
  readonly md5Hex: string;
  /** The checksum that the client sent. */
  readonly checksum: Checksum | undefined;
}

const MAXIMUM_BODY_BYTES = 5 * 1024 ** 3;
const MAXIMUM_DOCUMENT_BYTES = 4 * 1024 ** 2;
const SHA256_HEX = /^[0-9a-f]{64}$/;
const PAYLOAD_NAMES = [
  'UNSIGNED-PAYLOAD',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
];
/** CompleteMultipartUpload's checksum header speaks of the object, not of the request's own body. */
const speaksOfBody = (request: S3Request) =>
  request.method !== 'POST' || queryParameter(request, 'uploadId') === undefined;

/**
 * Streams the request's body into `sink` and checks it against everything the request said of it: length,
 * SHA-256, chunk signatures, MD5, checksum. When it throws, what the sink has got is worthless.
 */
export async function receiveBody(
  request: S3Request,
  authentication: Authentication,
  sink: (bytes: AsyncIterable<Buffer>) => Promise<void>,
): Promise<ReceivedBody> {
  const { headers } = request;
  requireKnownPayloadHash(authentication.payloadHash);
  const isStreaming = authentication.payloadHash.startsWith('STREAMING-');
  const declaredSize = readDeclaredSize(headers, isStreaming);
  const inHeaders = speaksOfBody(request) ? findChecksum(headers) : undefined;
  const announced = findChecksum({ [headers['x-amz-trailer']?.trim().toLowerCase() ?? '']: '' });
  const algorithm = (inHeaders ?? announced)?.algorithm;

  let size = 0;
  const md5 = createHash('md5');
  const sha256 = SHA256_HEX.test(authentication.payloadHash) ? createHash('sha256') : undefined;
  const checksum = algorithm && startChecksum(algorithm);
  const trailers: Trailers = {};
  // Leaving a loop over the message itself would destroy the socket that the error is to be answered on.
  const wire: AsyncIterable<Buffer> = request.message.iterator({ destroyOnReturn: false });
  const decoded = isStreaming ? decodeAwsChunked(wire, authentication, trailers) : wire;

  async function* measured(): AsyncGenerator<Buffer> {
    for await (const bytes of decoded) {
      size += bytes.length;
      if (size > declaredSize) break;
      md5.update(bytes);
      sha256?.update(bytes);
      checksum?.update(bytes);
      yield bytes;
    }
    if (size !== declaredSize) {
      throw new S3Error('IncompleteBody', 'You did not provide the number of bytes that you announced.');
    }
  }
  await sink(measured());

  if (sha256 && sha256.digest('hex') !== authentication.payloadHash) {
    throw new S3Error('XAmzContentSHA256Mismatch', 'x-amz-content-sha256 does not match what we received.');
  }
  const md5Bytes = md5.digest();
  requireMd5(headers['content-md5'], md5Bytes);
  const given = inHeaders ?? (announced && requireTrailer(trailers));
  if (given && checksum) requireChecksum(given, checksum.base64());
  return { size, md5Hex: md5Bytes.toString('hex'), checksum: given };
}

/** Receives a body that is a small document, such as the list of parts, whole. */
export async function receiveDocument(request: S3Request, authentication: Authentication): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await receiveBody(request, authentication, async (bytes) => {
    let size = 0;
    for await (const piece of bytes) {
      size += piece.length;
      if (size > MAXIMUM_DOCUMENT_BYTES) throw new S3Error('EntityTooLarge', 'The document is too large.');
      pieces.push(piece);
    }
  });
  return Buffer.concat(pieces);
}

function requireKnownPayloadHash(payloadHash: string): void {
  if (SHA256_HEX.test(payloadHash) || PAYLOAD_NAMES.includes(payloadHash)) return;
  throw new S3Error('InvalidArgument', 'x-amz-content-sha256 is neither a SHA-256 nor a name known here.');
}

function readDeclaredSize(headers: S3Request['headers'], isStreaming: boolean): number {
  const declared = isStreaming ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (declared === undefined && !isStreaming && headers['transfer-encoding'] === undefined) return 0;
  if (declared === undefined || !/^\d+$/.test(declared)) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  const size = Number(declared);
  if (size > MAXIMUM_BODY_BYTES) {
    throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
  }
  return size;
}

function requireMd5(given: string | undefined, computed: Buffer): void {
  if (given === undefined) return;
  if (Buffer.from(given, 'base64').length !== computed.length) {
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  }
  if (computed.toString('base64') !== given) {
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}

function requireTrailer(trailers: Trailers): Checksum {
  const checksum = findChecksum(trailers);
  if (!checksum) throw new S3Error('MalformedTrailerError', 'The announced checksum did not come');
  return checksum;
}
