import * as v from 'valibot';
import { ArchiveError, type FailureKind, PbxRefusal } from '../errors.ts';
import { trimPadding } from './padding.ts';

interface Meaning {
  kind: FailureKind;
  /** What the PBX did, as a predicate. */
  problem: string;
  /** What a person should know or do. */
  advice?: string;
}

const CHECK_API_VERSION = 'Check apiVersion in cdk.json.';

/** The vendor's error numbers (S-Series developer guide) and their meanings. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries<Meaning>({
    '10003': { kind: 'permanent', problem: 'does not support the request', advice: CHECK_API_VERSION },
    '20000': {
      kind: 'permanent',
      problem: 'did not recognize the request as JSON',
      advice: CHECK_API_VERSION,
    },
    '20001': {
      kind: 'permanent',
      problem: 'did not recognize the request as a POST',
      advice: CHECK_API_VERSION,
    },
    '20002': {
      kind: 'login-held',
      problem: 'refuses logins from this address for ten minutes after too many failed ones',
      advice: 'If this happens again, find what logs in from this address with a wrong password.',
    },
    '20003': {
      kind: 'login-held',
      problem: 'refused the username or the password',
      advice: 'Correct them in the secret with the credentials.',
    },
    '20004': { kind: 'session-expired', problem: 'does not know the token' },
    '20005': { kind: 'session-expired', problem: 'found no token in the request' },
    '20006': { kind: 'session-expired', problem: 'reports that the token has expired' },
    '20012': { kind: 'transient', problem: 'does not know the recording or the random string' },
    '20014': {
      kind: 'missing',
      problem: 'does not have the recording',
      advice: 'It is not there yet, or has been deleted.',
    },
    '20015': {
      kind: 'permanent',
      problem: 'refused the allowed IP address',
      advice: 'Correct allowedIp in cdk.json and deploy.',
    },
  }),
);

const UNKNOWN: Meaning = { kind: 'transient', problem: 'returned an unknown error' };

/** The error for a response such as `{"status":"Failed","errno":"20006"}`. An unknown number is retried. */
export function errnoError(value: string): PbxRefusal {
  // The number becomes part of an error code, so arbitrary text from the PBX must not get through.
  const errno = /^[\w-]{1,16}$/.test(value) ? value : 'malformed';
  const { kind, problem, advice } = MEANINGS.get(errno) ?? UNKNOWN;
  const message = `The PBX ${problem} (errno ${errno}).`;
  return new PbxRefusal(`pbx-${errno}`, advice === undefined ? message : `${message} ${advice}`, { kind });
}

/** Codes of zlib and of Brotli's decoder. */
const ZLIB_CODE = /^(?:Z|ERR__ERROR)_/;

/** Explanations of codes that do not speak for themselves. */
const EXPLANATIONS: ReadonlyMap<string, string> = new Map([
  [
    // undici has one code for a body that ends too soon and for a malformed length.
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'The connection ended before the whole response had arrived. If every response fails like this, the PBX sends ' +
      'two Content-Length headers, or one that HTTP does not allow: a list such as "4, 4", a blank after the ' +
      'number, Transfer-Encoding beside it, or a malformed header after it. In that case, update the firmware of ' +
      'the PBX, or correct the proxy that adds the header.',
  ],
]);

/**
 * Converts an error of undici, TLS, a socket or zlib into an `ArchiveError`. The original may contain the PBX's address,
 * a URL with a token, or a response, so only its code is kept. It is not the `cause` either: a crash would print it.
 */
export function connectionError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const { code, name, message, cause } = error as Partial<Error> & {
    code?: unknown;
    cause?: { code?: unknown };
  };
  // The code of a DOMException, such as that of a timeout, is a number that says nothing.
  const word = [cause?.code, code, name].find((value) => typeof value === 'string') ?? 'unknown';
  if (ZLIB_CODE.test(word)) return badResponse(`its compressed data is cut or damaged (${word})`);
  const reason = parserReason(message);
  const problem = `The connection to the PBX failed (${reason === undefined ? word : `${word}: ${reason}`}).`;
  const explanation = EXPLANATIONS.get(word);
  return new ArchiveError(
    'pbx-connection',
    explanation === undefined ? problem : `${problem} ${explanation}`,
  );
}

/** The HTTP parser's own words for what is wrong with a response, which never quote it. */
const parserReason = (message = '') =>
  /^Response does not match .{1,40} \(([\w' -]{1,80})\)$/.exec(message)?.[1];

const responseSchema = v.pipe(
  v.string(),
  v.transform(trimPadding),
  v.parseJson(),
  v.looseObject({ status: v.string() }),
);
const failureSchema = v.object({ errno: v.pipe(v.union([v.string(), v.number()]), v.transform(String)) });

/** Parses a JSON response. The PBX reports failures with HTTP status 200 and `{"status":"Failed","errno":"20006"}`. */
export function parseResponse(text: string): Record<string, unknown> {
  const response = v.safeParse(responseSchema, text);
  if (!response.success) throw badResponse('it is not JSON with a status');
  if (response.output.status === 'Success') return response.output;
  const failure = v.safeParse(failureSchema, response.output);
  throw errnoError(failure.success ? failure.output.errno : 'none');
}

export const badResponse = (problem: string) =>
  new ArchiveError('pbx-bad-response', `The PBX returned an unusable response: ${problem}.`);

/** The recording's size is `atLeast` or more. */
export const recordingTooLarge = (atLeast: number, maxBytes: number) =>
  new ArchiveError(
    'recording-too-large',
    `The recording is too large: at least ${atLeast} bytes, and the limit is ${maxBytes} (maxRecordingMiB in ` +
      'cdk.json). If it is a real recording, raise the limit, deploy and run "npm run redrive".',
    { kind: 'permanent' },
  );
