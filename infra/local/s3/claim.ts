import { S3Error } from './errors.ts';
import { queryParameter, type S3Request } from './request.ts';

/** What a request says of its own signature, before any of it is believed. */
export interface Claim {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  /** As in the string to sign, `20261130T083000Z`. */
  readonly timestamp: string;
  readonly timeMs: number;
  readonly signedHeaders: readonly string[];
  /** Also the first link in the chain of chunk signatures, if there are any. */
  readonly signature: string;
  /** SHA-256 in hex, or one of S3's names such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
  /** Set for a presigned URL only. */
  readonly expiresSeconds?: number;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=(?<credential>[^,]+),\s*SignedHeaders=(?<signedHeaders>[^,]+),\s*Signature=(?<signature>[0-9a-f]{64})$/;
const CREDENTIAL = /^(?<accessKeyId>.+)\/(?<date>\d{8})\/(?<region>[^/]+)\/s3\/aws4_request$/;
const MAXIMUM_EXPIRES_SECONDS = 604_800;

export function readClaim(request: S3Request): Claim {
  const inHeader = request.headers.authorization !== undefined;
  const inQuery = queryParameter(request, 'X-Amz-Signature') !== undefined;
  if (inHeader && inQuery) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed: header or query.');
  }
  if (inHeader) return readAuthorizationHeader(request);
  if (inQuery) return readPresignedQuery(request);
  throw new S3Error('AccessDenied', 'Access Denied');
}

function readAuthorizationHeader({ headers }: S3Request): Claim {
  const fields = AUTHORIZATION.exec(headers.authorization ?? '')?.groups;
  const credential = CREDENTIAL.exec(fields?.credential ?? '')?.groups;
  if (!fields || !credential) {
    throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header is not valid.');
  }
  const timestamp = headers['x-amz-date'] ?? '';
  const timeMs = parseTimestamp(timestamp);
  if (timeMs === undefined) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  }
  const payloadHash = headers['x-amz-content-sha256'];
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return { ...claimOf(fields, credential), timestamp, timeMs, payloadHash };
}

function readPresignedQuery(request: S3Request): Claim {
  const parameter = (name: string) => queryParameter(request, name) ?? '';
  const credential = CREDENTIAL.exec(parameter('X-Amz-Credential'))?.groups;
  const timestamp = parameter('X-Amz-Date');
  const timeMs = parseTimestamp(timestamp);
  const expires = parameter('X-Amz-Expires');
  if (
    !credential ||
    timeMs === undefined ||
    parameter('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256' ||
    !/^\d{1,6}$/.test(expires) ||
    Number(expires) > MAXIMUM_EXPIRES_SECONDS
  ) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      'The X-Amz- parameters are incomplete, or X-Amz-Expires is above a week',
    );
  }
  const fields = { signedHeaders: parameter('X-Amz-SignedHeaders'), signature: parameter('X-Amz-Signature') };
  return {
    ...claimOf(fields, credential),
    timestamp,
    timeMs,
    expiresSeconds: Number(expires),
    payloadHash: request.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
  };
}

function claimOf(fields: Record<string, string>, credential: Record<string, string>) {
  const { signedHeaders = '', signature = '' } = fields;
  const { accessKeyId = '', date = '', region = '' } = credential;
  return { accessKeyId, date, region, signature, signedHeaders: signedHeaders.split(';') };
}

function parseTimestamp(timestamp: string): number | undefined {
  const isoTime = timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const timeMs = isoTime === timestamp ? Number.NaN : Date.parse(isoTime);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
