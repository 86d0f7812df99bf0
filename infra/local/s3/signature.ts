import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './errors.ts';
import { queryParameter, type S3Request } from './request.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Credentials for a service on this machine. */
export interface Access {
  readonly credentials: Credentials;
  readonly region: string;
  readonly now?: () => number;
}

/** What a request claims about its own signature, not yet verified. */
interface Claim {
  readonly accessKeyId: string;
  readonly scope: string;
  readonly region: string;
  readonly service: string;
  /** In the format of the string to sign: `20261130T083000Z`. */
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** SHA-256 of the body in hex, or a name such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
  /** For a presigned URL only. */
  readonly expiresSeconds: number | undefined;
  /** The error code for a claim that is malformed or meant for another server. */
  readonly malformedCode: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=(?<credential>[^,]+),\s*SignedHeaders=(?<signedHeaders>[^,]+),\s*Signature=(?<signature>[0-9a-f]{64})$/;
const CREDENTIAL =
  /^(?<accessKeyId>.+?)\/(?<scope>(?<date>\d{8})\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request)$/;
/** The names under which a client reaches a server that listens on loopback only. */
const HOST_NAMES = ['127.0.0.1', 'localhost', '[::1]'];
const MAXIMUM_EXPIRES_SECONDS = 604_800;
const MAXIMUM_SKEW_MS = 15 * 60_000;

interface Expected {
  readonly credentials: Credentials;
  readonly region: string;
  /** As in the scope of a signature: `s3`, `sqs`, `secretsmanager`. */
  readonly service: string;
  readonly nowMs: number;
}

/**
 * Verifies AWS Signature Version 4, in the Authorization header or in the query of a presigned URL. Returns what
 * the request states about its body, now proven genuine: a SHA-256 in hex or a name such as `UNSIGNED-PAYLOAD`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export function authenticate(request: S3Request, { credentials, region, service, nowMs }: Expected): string {
  const claim = readClaim(request);
  requireTimely(claim, nowMs);
  if (!isEqual(claim.accessKeyId, credentials.accessKeyId)) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist here.');
  }
  if (claim.region !== region) {
    throw new S3Error(claim.malformedCode, `The region '${claim.region}' is wrong; expecting '${region}'`);
  }
  if (claim.service !== service) {
    throw new S3Error(claim.malformedCode, `The service '${claim.service}' is wrong; expecting '${service}'`);
  }
  requireEverythingSigned(request, claim);
  const hash = sha256Hex(canonicalRequest(request, claim));
  const stringToSign = ['AWS4-HMAC-SHA256', claim.timestamp, claim.scope, hash].join('\n');
  if (!isEqual(claim.signature, sign(stringToSign, claim.scope, credentials))) {
    throw new S3Error('SignatureDoesNotMatch', 'The signature we calculated does not match yours.');
  }
  requireLocalHost(request);
  return claim.payloadHash;
}

function readClaim(request: S3Request): Claim {
  const { authorization, ...headers } = request.headers;
  const parameter = (name: string) => queryParameter(request, name) ?? '';
  const isPresigned = queryParameter(request, 'X-Amz-Signature') !== undefined;
  if (authorization === undefined && !isPresigned) throw new S3Error('AccessDenied', 'Access Denied');
  if (authorization !== undefined && isPresigned) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed: header or query.');
  }
  const malformedCode = isPresigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed';
  const malformed = (what: string) => new S3Error(malformedCode, `Missing or not valid: ${what}`);

  const fields = isPresigned
    ? {
        credential: parameter('X-Amz-Credential'),
        signedHeaders: parameter('X-Amz-SignedHeaders'),
        signature: parameter('X-Amz-Signature'),
      }
    : AUTHORIZATION.exec(authorization ?? '')?.groups;
  const credential = CREDENTIAL.exec(fields?.credential ?? '')?.groups;
  if (!fields || !credential) throw malformed('the credential or another field of the signature');
  const { accessKeyId = '', scope = '', date = '', region = '', service = '' } = credential;
  const { signedHeaders = '', signature = '' } = fields;

  const timestamp = isPresigned ? parameter('X-Amz-Date') : (headers['x-amz-date'] ?? '');
  if (!timestamp.startsWith(date) || Number.isNaN(parseTimestamp(timestamp))) throw malformed('x-amz-date');
  const expires = parameter('X-Amz-Expires');
  if (isPresigned && !(/^\d{1,6}$/.test(expires) && Number(expires) <= MAXIMUM_EXPIRES_SECONDS)) {
    throw malformed('X-Amz-Expires, which may be a week at most');
  }
  if (isPresigned && parameter('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw malformed('X-Amz-Algorithm');
  const payloadHash = headers['x-amz-content-sha256'] ?? (isPresigned ? 'UNSIGNED-PAYLOAD' : undefined);
  if (payloadHash === undefined) throw malformed('x-amz-content-sha256');
  return {
    accessKeyId,
    scope,
    region,
    service,
    timestamp,
    signedHeaders: signedHeaders.split(';'),
    signature,
    payloadHash,
    expiresSeconds: isPresigned ? Number(expires) : undefined,
    malformedCode,
  };
}

/** Returns `NaN` unless the timestamp is like `20261130T083000Z`. */
function parseTimestamp(timestamp: string): number {
  const [, day = '', ...time] = /^(\d{8})T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp) ?? [];
  return Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${time.join(':')}Z`);
}

function requireTimely({ timestamp, expiresSeconds }: Claim, nowMs: number): void {
  const timeMs = parseTimestamp(timestamp);
  if (expiresSeconds === undefined) {
    if (Math.abs(nowMs - timeMs) <= MAXIMUM_SKEW_MS) return;
    throw new S3Error('RequestTimeTooSkewed', "The request's time is too far from the server's.");
  }
  if (timeMs - nowMs > MAXIMUM_SKEW_MS) throw new S3Error('AccessDenied', 'Request is not yet valid');
  if (nowMs > timeMs + expiresSeconds * 1000) throw new S3Error('AccessDenied', 'Request has expired');
}

/** A name that somebody else's DNS resolves to this machine gets a web page past the browser's same-origin policy. */
function requireLocalHost({ message }: S3Request): void {
  const host = message.headers.host?.toLowerCase() ?? '';
  if (HOST_NAMES.some((name) => host === `${name}:${message.socket.localPort}`)) return;
  throw new S3Error('MisdirectedRequest', 'This server is not the one that the header Host names.');
}

/** Headers that change what a request does. The holder of a presigned URL must not be able to add them. */
function requireEverythingSigned({ message }: S3Request, { signedHeaders }: Claim): void {
  const needsSigning = Object.keys(message.headersDistinct).filter((name) => name.startsWith('x-amz-'));
  const unsigned = ['host', ...needsSigning].filter((name) => !signedHeaders.includes(name));
  if (unsigned.length === 0) return;
  throw new S3Error('AccessDenied', `There were headers in the request which were not signed: ${unsigned}`);
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

/** Encodes everything but the unreserved characters of RFC 3986. `encodeURIComponent` leaves five more as they are. */
export function uriEncode(text: string): string {
  const encode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, encode);
}

/** The signing key is derived for one day, Region and service: `20261130/eu-central-1/s3/aws4_request`. */
function sign(text: string, scope: string, { secretAccessKey }: Credentials): string {
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, text).toString('hex');
}

// Latin-1, because Node represents header values as strings with a character for each byte.
const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text, 'latin1').digest();
const sha256Hex = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');

/** Compares in constant time: the time taken must not reveal where two signatures differ. */
function isEqual(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
