import { createHash, randomUUID } from 'node:crypto';
import { type Credentials, digestCredentials, hasCredentials } from '../config/credentials.ts';
import { ArchiveError, toArchiveError } from '../errors.ts';
import type { PbxClient, Subscription } from '../pbx/types.ts';
import { log } from '../telemetry/log.ts';
import type { SessionState, SessionStore, Snapshot } from './session-store.ts';

/** Longer than a login can take. */
const LOGIN_LEASE_MS = 60_000;

/** Secrets Manager wants a secret written no more than about once in ten minutes, by and large. */
const MAX_LOGIN_LEASE_MS = 10 * 60_000;

/** How long the PBX locks out an address after five failed logins (vendor's guide, error 20002). */
const LOCKOUT_MS = 10 * 60_000;

const LOGIN_TIMEOUT_MS = 45_000;

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
 * The one way to log in. `snapshot` is the state that was found wanting; the login takes place only if
 * nobody has changed it since, nobody else is logging in, and no refusal stands against it.
 *
 * @param retryRefused a person has seen to it that credentials that were refused are right now
 */
export async function logIn(
  snapshot: Snapshot,
  deps: LoginDeps,
  retryRefused = false,
): Promise<SessionToken> {
  const { pbxId, client, store, readCredentials, subscriptionFor, now } = deps;
  const credentials = await readCredentials();
  if (!hasCredentials(credentials)) {
    throw new ArchiveError('no-credentials', 'Nobody has entered the username and the password yet.', {
      kind: 'login-held',
    });
  }
  assertNotHeld(snapshot.state, credentials, now(), retryRefused);
  const leased = await lease(snapshot, deps);
  const subscription = subscriptionFor(credentials);
  const tokens = await client
    .login(credentials, subscription, AbortSignal.timeout(LOGIN_TIMEOUT_MS))
    .catch(async (error: unknown) => {
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
    throw new ArchiveError(hold.code, 'The PBX refuses logins from this address for ten minutes.', {
      kind: 'login-held',
      notBefore: hold.until,
    });
  }
  if (hold.credentials === digestCredentials(credentials) && !retryRefused) {
    throw new ArchiveError(
      hold.code,
      'The PBX refused the username or the password; correct them in the secret.',
      {
        kind: 'login-held',
      },
    );
  }
}

/** Only one function logs in at a time, and after an attempt without an answer the next one waits. */
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

/** Lets all functions know of a refusal. What was refused is told even if that fails. */
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
    // The lease stands, so the next try is a minute off, then two, up to ten.
    log('error', 'hold-not-saved', { pbx: pbxId, code: toArchiveError(error).code });
  });
}

/** The recording's job is not to blame for a login that failed, whatever the PBX said of it. */
function asLoginFailure(failure: ArchiveError): ArchiveError {
  if (failure.kind === 'login-held' || failure.kind === 'transient') return failure;
  return new ArchiveError(failure.code, `Login: ${failure.message}`, { cause: failure });
}

const loginInProgress = (until: number) =>
  new ArchiveError(
    'login-in-progress',
    'Another function is logging in, or has just tried without an answer.',
    {
      notBefore: until,
    },
  );

/** The URL ends in the webhook's secret, so only a digest is stored (it is long and random: no salt needed). */
export const digestSubscription = ({ url, form, port }: Subscription) =>
  createHash('sha256')
    .update(JSON.stringify([url, form, port]))
    .digest('base64');
