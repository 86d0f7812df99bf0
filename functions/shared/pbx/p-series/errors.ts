import { ArchiveError, PbxRefusal } from '../../errors.ts';
import { badStatus } from '../errors.ts';
import { createRefusals, type Meaning, type Obstacle } from '../refusal.ts';

/** What somebody has to change in the PBX. Asking every ten minutes finds out when that has been done. */
const closed = (obstacle: Obstacle, problem: string, advice: string): Meaning => ({
  kind: 'login-held',
  lockoutMs: 10 * 60_000,
  obstacle,
  problem,
  advice,
});

const UNSUPPORTED: Meaning = {
  kind: 'permanent',
  obstacle: 'not-the-api',
  problem: 'does not have this interface',
  advice:
    'Check family in cdk.json. The API needs at least firmware 37.7.0.16 or 84.7.0.17 and, as far as is known, the ' +
    'Enterprise or Ultimate Plan. Of the appliances, only the P550, P560 and P570 have it.',
};

const OUR_FAULT: Meaning = {
  kind: 'permanent',
  problem: 'found a parameter wrong or missing',
  advice: 'This is a fault of this software: report it.',
};

const API_IS_OFF = closed(
  'not-the-api',
  'has the API, or this function of it, turned off',
  'Enable it under Integrations > API. If there is no such page, the PBX may need the Enterprise or Ultimate Plan.',
);

/** The codes that clients of the P-Series quote from the vendor's documents, and their meanings. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries<Meaning>({
    '-1': { kind: 'transient', problem: 'reports a failure' },
    '-2': { kind: 'transient', problem: 'reports an internal error' },
    '10001': UNSUPPORTED,
    '10002': UNSUPPORTED,
    '10003': UNSUPPORTED,
    '10004': { kind: 'session-expired', problem: 'reports that the token has expired' },
    '10005': {
      // Sources disagree: no permission for this interface, or a token that is not accepted.
      kind: 'session-expired',
      isDoubtful: true,
      problem: 'denied access',
      advice: 'If this stays, check the permissions of the API client in the PBX.',
    },
    '10006': { kind: 'session-expired', isDoubtful: true, problem: 'does not accept the token' },
    '10009': { kind: 'transient', problem: 'could not carry out the request' },
    '40001': OUR_FAULT,
    '40002': OUR_FAULT,
    '60001': {
      kind: 'missing',
      problem: 'does not have the recording',
      advice: 'It is not there yet, or has been deleted.',
    },
    '60002': { kind: 'transient', problem: 'has eight valid tokens and gives out no more' },
    '70004': closed(
      'address-refused',
      'has blocked this address after too many failed logins',
      'Delete it from Security > Security Rules > Blocked IPs.',
    ),
    '70087': closed(
      'address-refused',
      'does not accept requests from this address',
      'Add the address from which the functions reach the PBX under Integrations > API > IP Restriction.',
    ),
    '70123': API_IS_OFF,
    '70131': {
      kind: 'transient',
      problem: 'has call recording turned off',
      advice: 'Enable it in the PBX.',
    },
    '70651': { kind: 'busy', problem: 'is preparing another download' },
    '70656': API_IS_OFF,
    '80010': {
      kind: 'transient',
      problem: 'does not permit this request',
      advice: 'Check the permissions of the API client in the PBX.',
    },
  }),
);

const { toRefusal, obstacleOf } = createRefusals(MEANINGS, { label: 'errcode', pattern: /^-?\d{1,6}$/ });

export { obstacleOf };

const RETRY_LOGIN = 'or, if they were corrected in the PBX, invoke pbx-session with "retryLogin": true.';

const REFUSED_CREDENTIALS: Meaning = {
  kind: 'login-held',
  problem: 'refused the client ID or the client secret',
  advice: `Correct them in the secret with the credentials, ${RETRY_LOGIN}`,
};

const MALFORMED_CREDENTIALS: Meaning = {
  kind: 'login-held',
  problem: 'calls the client ID or the client secret malformed',
  advice: `Copy both again from Integrations > API into the secret with the credentials, ${RETRY_LOGIN}`,
};

/** Refusals of a login that say nothing about the credentials. */
const HARMLESS_AT_LOGIN: ReadonlySet<string> = new Set(
  '-2 10001 10002 10003 10009 60002 70004 70087 70123 70656'.split(' '),
);

/** The error for a code. `parameters`: the names of those that the PBX found wrong. */
export type ToError = (errcode: string, parameters?: readonly string[]) => PbxRefusal;

export const errcodeError: ToError = toRefusal;

/**
 * The same for a login. Five refusals in a row block the address until a person removes it, so whatever is not certain to
 * be something else counts as a refusal of the credentials.
 */
export const loginError: ToError = (errcode, parameters) => {
  if (MEANINGS.get(errcode) === OUR_FAULT) return parameterErrorOfLogin(errcode, parameters);
  return HARMLESS_AT_LOGIN.has(errcode)
    ? errcodeError(errcode, parameters)
    : toRefusal(errcode, parameters, REFUSED_CREDENTIALS);
};

/** The credentials are the only parameters of a login: a PBX that names no parameter can hardly mean another one. */
const parameterErrorOfLogin: ToError = (errcode, parameters = []) => {
  const isOther = parameters.length > 0 && !parameters.some((name) => /username|password/i.test(name));
  return toRefusal(errcode, parameters, isOther ? OUR_FAULT : MALFORMED_CREDENTIALS);
};

/** The same for a refresh token: whatever is not certain to be something else means that it is no longer valid. */
export const refreshError: ToError = (errcode, parameters) =>
  HARMLESS_AT_LOGIN.has(errcode)
    ? errcodeError(errcode, parameters)
    : toRefusal(errcode, [], { kind: 'session-expired', problem: 'does not accept the refresh token' });

/**
 * The error for an HTTP status. The PBX itself responds with 200 to everything, so 401 and 403 come from what is in front
 * of it, such as a firewall or the tunnel of its remote access. They are treated as the code 10005: the token may be dead.
 * At a login, nobody knows whether the PBX has counted the attempt, so that few others may follow. A refresh can be
 * repeated.
 */
export function statusError(statusCode: number, toError: ToError): ArchiveError {
  const error = badStatus(statusCode);
  if ((statusCode !== 401 && statusCode !== 403) || toError === refreshError) return error;
  const { kind } = toError('10005');
  const advice =
    kind === 'login-held'
      ? ' What is in front of the PBX (proxy, firewall, remote access) refuses the login: let it pass the requests. The ' +
        'login is tried again after ten minutes, once more after an hour, and then only if the credentials in the ' +
        'secret change, or pbx-session is invoked with "retryLogin": true.'
      : '';
  return new PbxRefusal(error.code, error.message + advice, { kind, isDoubtful: true });
}

export const movedAway = () =>
  new ArchiveError(
    'recording-moved-away',
    "The PBX's own archive has moved the recording away before it was fetched. Fetch it from there. To " +
      'prevent this, have its archive task run late, and only for days that are over.',
    { kind: 'moved-away' },
  );
