import { createHash, randomUUID } from 'node:crypto';
import { type Credentials, digestCredentials, hasCredentials } from '../config/credentials.ts';
import { ArchiveError, toArchiveError } from '../errors.ts';
import type { PbxClient, Subscription } from '../pbx/types.ts';
import { log } from '../telemetry/log.ts';
import type { SessionState, SessionStore, Snapshot } from './session-store.ts';

/** Longer than a call of the PBX client can take. */
const LOGIN_LEASE_MS = 60_000;

/** The sustained rate at which AWS recommends writing a secret: once in ten minutes (PutSecretValue, API reference). */
const MAX_LOGIN_LEASE_MS = 10 * 60_000;

/** How long the PBX locks out an address after five failed logins (vendor's guide, error 20002). */
const LOCKOUT_MS = 10 * 60_000;

export interface LoginDeps {
  pbxId: string;
  client: PbxClient;
  store: SessionStore;
  readCredentials: () => Promise<Credentials>;
  subscriptionFor: (credentials: Credentials) => Subscription;
  now: () => number;
}

export interface SessionToken {
  readonly token: string;
  readonly snapshot: Snapshot;
}

/**
 * The only way to log in. `snapshot` is the state without a usable token. Logs in only if that state is still current,
 * no other function is logging in, and logins are not held.
 *
 * @param retryRefused a person has confirmed that the refused credentials are now right
 */
export async function logIn(
  snapshot: Snapshot,
  deps: LoginDeps,
  retryRefused = false,
): Promise<SessionToken> {
  const { pbxId, client, store, readCredentials, subscriptionFor, now } = deps;
  const credentials = await readCredentials();
  if (!hasCredentials(credentials)) {
    throw new ArchiveError(
      'no-credentials',
      'The username and the password have not been entered yet. Enter them in the secret with the credentials.',
      { kind: 'login-held' },
    );
  }
  assertNotHeld(snapshot.state, credentials, now(), retryRefused);
  const leased = await lease(snapshot, deps);
  const subscription = subscriptionFor(credentials);
  const tokens = await client.login(credentials, subscription).catch(async (error: unknown) => {
    const failure = toArchiveError(error);
    if (failure.kind === 'login-held') await hold(leased, failure, credentials, deps);
    throw asLoginFailure(failure);
  });
  const state = { ...tokens, openedAt: now(), subscription: digestSubscription(subscription) };
  const opened = await store.replace(leased, state);
  if (opened === undefined) throw loginInProgress(now() + LOGIN_LEASE_MS);
  log('info', 'session-opened', { pbx: pbxId });
  return { token: tokens.token, snapshot: opened };
}

function assertNotHeld(
  { hold }: SessionState,
  credentials: Credentials,
  now: number,
  retryRefused: boolean,
): void {
  if (hold === undefined) return;
  if (hold.until !== undefined && now < hold.until) {
    throw new ArchiveError(
      hold.code,
      'The PBX refuses logins from this address for ten minutes after too many failed ones. Wait until that is over.',
      { kind: 'login-held', notBefore: hold.until },
    );
  }
  if (hold.credentials === digestCredentials(credentials) && !retryRefused) {
    throw new ArchiveError(
      hold.code,
      'The PBX refused the username or the password. Correct them in the secret, or, if they were corrected in the ' +
        'PBX, invoke pbx-session with "retryLogin": true.',
      { kind: 'login-held' },
    );
  }
}

/** Only one function logs in at a time. After an attempt without a response, the next one has to wait. */
async function lease(snapshot: Snapshot, { store, now }: LoginDeps): Promise<Snapshot> {
  const { login } = snapshot.state;
  if (login !== undefined && login.until > now()) throw loginInProgress(login.until);
  const failures = login?.failures ?? 0;
  const until = now() + Math.min(LOGIN_LEASE_MS * 2 ** failures, MAX_LOGIN_LEASE_MS);
  const leased = await store.replace(snapshot, {
    login: { id: randomUUID(), until, failures: failures + 1 },
  });
  if (leased === undefined) throw loginInProgress(until);
  return leased;
}

/** Saves a refusal for all functions. If that fails, the caller still gets the refusal. */
async function hold(
  leased: Snapshot,
  { code }: ArchiveError,
  credentials: Credentials,
  { pbxId, store, now }: LoginDeps,
): Promise<void> {
  log('error', 'login-refused', { pbx: pbxId, code });
  const isLockout = code === 'pbx-20002';
  const condition = isLockout
    ? { until: now() + LOCKOUT_MS }
    : { credentials: digestCredentials(credentials) };
  await store.replace(leased, { hold: { code, ...condition } }).catch((error: unknown) => {
    // The lease remains, so the next attempt is a minute away, then two, and at most ten.
    log('error', 'hold-not-saved', { pbx: pbxId, code: toArchiveError(error).code });
  });
}

/** A failed login must not end a recording's job, whatever error number the PBX returned. */
function asLoginFailure(failure: ArchiveError): ArchiveError {
  if (failure.kind === 'login-held' || failure.kind === 'transient') return failure;
  return new ArchiveError(failure.code, `The login failed. ${failure.message}`, { cause: failure });
}

const loginInProgress = (until: number) =>
  new ArchiveError(
    'login-in-progress',
    'Another function is logging in, or has just tried and got no response.',
    { notBefore: until },
  );

/** The URL ends in the webhook secret, so only a digest is stored. The secret is long and random: no salt is needed. */
export const digestSubscription = ({ url, form, port }: Subscription) =>
  createHash('sha256')
    .update(JSON.stringify([url, form, port]))
    .digest('base64');
