import { createHash } from 'node:crypto';
import { ByteReader } from './byte-reader.ts';
import { S3Error } from './errors.ts';
import type { Authentication } from './signature.ts';
import { sha256Hex, signaturesMatch } from './signing-key.ts';

export type Trailers = Record<string, string>;

const EMPTY_SHA256 = sha256Hex('');
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

/**
 * Decodes the `aws-chunked` content encoding: `<hex size>[;chunk-signature=<hex>] CRLF <bytes> CRLF`, ..., an
 * empty chunk, trailers. Yields the bytes and fills `trailers` at the end. Bytes of a signed chunk are yielded
 * before its signature can be checked, so nothing may be kept of a body that throws.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  authentication: Authentication,
  trailers: Trailers,
): AsyncGenerator<Buffer> {
  const signed = authentication.payloadHash.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
  const chain = signed ? createSignatureChain(authentication) : undefined;
  const reader = new ByteReader(source);
  for (;;) {
    const { size, signature } = parseChunkHeader(await reader.readLine());
    const hash = createHash('sha256');
    for await (const bytes of reader.readBytes(size)) {
      if (chain) hash.update(bytes);
      yield bytes;
    }
    chain?.verify('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, hash.digest('hex')], signature);
    if (size === 0) break;
    if ((await reader.readLine()) !== '') throw malformedChunk();
  }

  let signedTrailers = '';
  for (let line = await reader.readLine(); line !== ''; line = await reader.readLine()) {
    const [name, value] = parseTrailer(line);
    trailers[name] = value;
    if (name !== TRAILER_SIGNATURE) signedTrailers += `${name}:${value}\n`;
  }
  if (authentication.payloadHash.endsWith('-TRAILER')) {
    chain?.verify('AWS4-HMAC-SHA256-TRAILER', [sha256Hex(signedTrailers)], trailers[TRAILER_SIGNATURE]);
  } else if (signedTrailers !== '') {
    throw new S3Error('MalformedTrailerError', 'The request contained trailing data that was not announced');
  }
  await reader.requireEnd();
}

function parseChunkHeader(line: string): { size: number; signature: string | undefined } {
  const [, size, signature] = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? [];
  if (size === undefined) throw malformedChunk();
  return { size: Number.parseInt(size, 16), signature };
}

function malformedChunk(): S3Error {
  return new S3Error('InvalidRequest', 'The body is not well-formed aws-chunked content');
}

function parseTrailer(line: string): [name: string, value: string] {
  const [, name, value] = /^([^:]+):(.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) {
    throw new S3Error(
      'MalformedTrailerError',
      'The request contained trailing data that was not well-formed',
    );
  }
  return [name.trim().toLowerCase(), value.trim()];
}

/** Each signature covers the one before it, so that chunks can be neither changed nor reordered. */
function createSignatureChain({ timestamp, scope, sign, signature: seed }: Authentication) {
  let previous = seed;
  return {
    verify(algorithm: string, hashes: readonly string[], given: string | undefined): void {
      const expected = sign([algorithm, timestamp, scope, previous, ...hashes].join('\n'));
      if (!signaturesMatch(given ?? '', expected)) {
        throw new S3Error(
          'SignatureDoesNotMatch',
          'A chunk signature does not match the signature we calculated.',
        );
      }
      previous = expected;
    },
  };
}
