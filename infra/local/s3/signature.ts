import { type Claim, readClaim } from './claim.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import { type Credentials, createSigner, sha256Hex, signaturesMatch } from './signing-key.ts';

/** What the body is held to, once the request itself has proved genuine. */
export interface Authentication extends Pick<Claim, 'payloadHash' | 'timestamp' | 'signature'> {
  readonly scope: string;
  readonly sign: (text: string) => string;
}

const MAXIMUM_SKEW_MS = 15 * 60_000;

/**
 * Verifies AWS Signature Version 4, in the Authorization header or in the query.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export function authenticate(
  request: S3Request,
  expected: { credentials: Credentials; region: string; nowMs: number },
): Authentication {
  const claim = readClaim(request);
  requireTimely(claim, expected.nowMs);
  if (!signaturesMatch(claim.accessKeyId, expected.credentials.accessKeyId)) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist here.');
  }
  requireScope(claim, expected.region);
  requireEverythingSigned(request, claim);

  const scope = `${claim.date}/${claim.region}/s3/aws4_request`;
  const sign = createSigner(expected.credentials, scope);
  const hash = sha256Hex(canonicalRequest(request, claim));
  const expectedSignature = sign(['AWS4-HMAC-SHA256', claim.timestamp, scope, hash].join('\n'));
  if (!signaturesMatch(claim.signature, expectedSignature)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The signature we calculated does not match the one you sent.',
    );
  }
  return { ...claim, scope, sign };
}

function requireTimely({ timeMs, expiresSeconds }: Claim, nowMs: number): void {
  const serverTime = { ServerTime: new Date(nowMs).toISOString() };
  if (expiresSeconds === undefined) {
    if (Math.abs(nowMs - timeMs) <= MAXIMUM_SKEW_MS) return;
    throw new S3Error('RequestTimeTooSkewed', "The request's time is too far from the server's.", serverTime);
  }
  if (timeMs - nowMs > MAXIMUM_SKEW_MS) throw new S3Error('AccessDenied', 'Request is not yet valid');
  const expiryMs = timeMs + expiresSeconds * 1000;
  if (nowMs <= expiryMs) return;
  throw new S3Error('AccessDenied', 'Request has expired', {
    ...serverTime,
    'X-Amz-Expires': String(expiresSeconds),
    Expires: new Date(expiryMs).toISOString(),
  });
}

function requireScope({ date, region, timestamp, expiresSeconds }: Claim, expectedRegion: string): void {
  const isHeader = expiresSeconds === undefined;
  const code = isHeader ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError';
  if (region !== expectedRegion) {
    const message = `The region '${region}' is wrong; expecting '${expectedRegion}'`;
    throw new S3Error(code, message, { Region: expectedRegion });
  }
  if (!timestamp.startsWith(date)) throw new S3Error(code, 'The credential is of another date.');
}

/** A header that changes what a request does must not be open to whoever carries it. */
function requireEverythingSigned({ message }: S3Request, { signedHeaders }: Claim): void {
  const needsSigning = Object.keys(message.headersDistinct).filter((name) => name.startsWith('x-amz-'));
  const unsigned = ['host', ...needsSigning].filter((name) => !signedHeaders.includes(name));
  if (unsigned.length === 0) return;
  throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
    HeadersNotSigned: unsigned.join(', '),
  });
}

function canonicalRequest({ method, path, query, message }: S3Request, claim: Claim): string {
  const canonicalQuery = query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${uriEncode(name)}=${uriEncode(value)}`)
    .sort();
  const canonicalHeaders = claim.signedHeaders.map((name) => {
    const values = message.headersDistinct[name] ?? [];
    return `${name}:${values.map((value) => value.trim().replace(/ +/g, ' ')).join(',')}\n`;
  });
  return [
    method,
    path.split('/').map(uriEncode).join('/'),
    canonicalQuery.join('&'),
    canonicalHeaders.join(''),
    claim.signedHeaders.join(';'),
    claim.payloadHash,
  ].join('\n');
}

/** Encodes everything but the unreserved characters of RFC 3986: `encodeURIComponent` leaves five more. */
export function uriEncode(text: string): string {
  const encode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, encode);
}
