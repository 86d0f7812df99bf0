import * as v from 'valibot';
import { badResponse } from '../errors.ts';
import { errorNumber } from '../fields.ts';
import { trimPadding } from '../padding.ts';
import { parseResponseText } from '../parse-json.ts';
import { createRefusals, type Meaning } from '../refusal.ts';

/** Another version of the API, or something else that responds. */
const notTheApi = (problem: string): Meaning => ({
  kind: 'permanent',
  obstacle: 'not-the-api',
  problem,
  advice: 'Check apiVersion in cdk.json.',
});

const SERVER_FAULT: Meaning = { kind: 'transient', problem: 'reports a fault of its own server' };

/** The vendor's error numbers (developer guides of S-Series, S1000 and Cloud PBX) and their meanings. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries<Meaning>({
    '10003': notTheApi('does not support the request'),
    '10025': { kind: 'transient', problem: 'was asked too often' },
    '20000': notTheApi('did not recognize the request as JSON'),
    '20001': notTheApi('did not recognize the request as a POST'),
    '20002': {
      kind: 'login-held',
      lockoutMs: 10 * 60_000,
      problem: 'refuses logins from this address for ten minutes after too many failed ones',
      advice: 'If this happens again, find what logs in from this address with a wrong password.',
    },
    '20003': {
      kind: 'login-held',
      problem: 'refused the username or the password',
      advice:
        'Correct them in the secret with the credentials, or, if they were corrected in the PBX, invoke pbx-session ' +
        'with "retryLogin": true.',
    },
    '20004': { kind: 'session-expired', problem: 'does not know the token' },
    '20005': { kind: 'session-expired', problem: 'found no token in the request' },
    '20006': { kind: 'session-expired', problem: 'reports that the token has expired' },
    '20012': {
      // Sources disagree: an unknown recording, or a wrong random string.
      kind: 'transient',
      isMomentary: true,
      problem: 'does not know the recording or the random string',
    },
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
    '20019': {
      kind: 'permanent',
      problem: 'did not recognize the times of the call log',
      advice: 'This is a fault of this software: report it.',
    },
    '20020': { kind: 'transient', problem: 'does not accept the random string for the call log' },
    '20021': { kind: 'transient', problem: 'does not have the call log' },
    '30001': SERVER_FAULT,
    '30003': SERVER_FAULT,
  }),
);

/** `errnoError` makes the error for a response such as `{"status":"Failed","errno":"20006"}`. */
export const { toRefusal: errnoError, obstacleOf } = createRefusals(MEANINGS, {
  label: 'errno',
  pattern: /^[\w-]{1,16}$/,
});

const responseSchema = v.looseObject({ status: v.string() });
const failureSchema = v.object({ errno: errorNumber });

/**
 * Parses a JSON response. The PBX reports failures with HTTP status 200 and `{"status":"Failed","errno":"20006"}`. Of
 * malformed JSON, such as that for a recording whose name is not escaped, returns the fields that can be found.
 */
export function parseResponse(text: string): Record<string, unknown> {
  const response = v.safeParse(responseSchema, parseResponseText(text));
  if (!response.success) throw badResponse('it is not JSON with a status');
  if (trimPadding(response.output.status).toLowerCase() === 'success') return response.output;
  const failure = v.safeParse(failureSchema, response.output);
  throw errnoError(failure.success ? failure.output.errno : 'none');
}
