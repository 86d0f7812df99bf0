import * as v from 'valibot';
import { ArchiveError, type FailureKind, PbxRefusal } from '../errors.ts';

interface Meaning {
  kind: FailureKind;
  text: string;
}

/** The vendor's error numbers (S-Series developer guide) and what each of them means. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries<Meaning>({
    '10003': { kind: 'permanent', text: 'does not support the request: is the API version right?' },
    '20000': { kind: 'permanent', text: 'did not take the request for JSON: is the API version right?' },
    '20001': { kind: 'permanent', text: 'did not take the request for a POST: is the API version right?' },
    '20002': {
      kind: 'login-held',
      text: 'refuses logins from this address for ten minutes, after too many failed ones',
    },
    '20003': { kind: 'login-held', text: 'refuses the username or the password' },
    '20004': { kind: 'session-expired', text: 'does not know the token' },
    '20005': { kind: 'session-expired', text: 'found no token' },
    '20006': { kind: 'session-expired', text: 'says that the token has timed out' },
    '20012': { kind: 'transient', text: 'does not know the recording, or not the random string' },
    '20014': { kind: 'missing', text: 'does not have the recording (any more, or yet)' },
    '20015': {
      kind: 'permanent',
      text: 'refuses the allowed IP address: check allowedIp in the configuration',
    },
  }),
);

/** The error for a reply `{"status":"Failed","errno":"20006"}`; an unknown number is worth a retry. */
export function errnoError(value: string): PbxRefusal {
  // It becomes part of a code, which is no place for whatever a PBX may send.
  const errno = /^[\w-]{1,16}$/.test(value) ? value : 'malformed';
  const { text, ...options } = MEANINGS.get(errno) ?? {
    kind: 'transient' as const,
    text: 'answers with an unknown error',
  };
  return new PbxRefusal(`pbx-${errno}`, `The PBX ${text} (errno ${errno}).`, options);
}

/**
 * What undici, TLS or a socket threw, as an `ArchiveError`. Their own errors may hold the PBX's address, a URL with the
 * token in it, or its response, so only the code is kept: not even as a cause, which a crash would print.
 */
export function connectionError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const { code, name, cause } = error as { code?: string; name?: string; cause?: { code?: string } };
  const detail = cause?.code ?? code ?? name ?? 'unknown';
  return new ArchiveError('pbx-connection', `The connection to the PBX failed (${detail}).`);
}

const replySchema = v.pipe(v.string(), v.trim(), v.parseJson(), v.looseObject({ status: v.string() }));
const failureSchema = v.object({ errno: v.pipe(v.union([v.string(), v.number()]), v.transform(String)) });

/** Takes a reply apart. Failures come with HTTP status 200 and `{"status":"Failed","errno":"20006"}`. */
export function parseResponse(text: string): Record<string, unknown> {
  const reply = v.safeParse(replySchema, text);
  if (!reply.success) throw badResponse('it is not JSON with a status');
  if (reply.output.status === 'Success') return reply.output;
  const failure = v.safeParse(failureSchema, reply.output);
  throw errnoError(failure.success ? failure.output.errno : 'none');
}

export const badResponse = (problem: string) =>
  new ArchiveError('pbx-bad-response', `The PBX's reply cannot be used: ${problem}.`);
