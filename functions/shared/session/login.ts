import { randomUUID } from 'node:crypto';
import { hasCredentials } from '../config/credentials.ts';
import { ArchiveError, toArchiveError } from '../errors.ts';
import type { Credentials } from '../pbx/family-settings.ts';
import type { SessionRules, Subscription, Tokens } from '../pbx/pbx-client.ts';
import { log } from '../telemetry/log.ts';
import { assertNotHeld, type HoldDeps, hold } from './login-hold.ts';
import { LoginInProgress } from './login-in-progress.ts';
import type { LoginSnapshot } from './login-store.ts';
import type { SessionState, SessionStore, Snapshot } from './session-store.ts';
import { digestSubscription } from './subscription.ts';

/** Longer than it can take to write the lease, call the PBX once, and save the token. */
const LOGIN_LEASE_MS = 60_000;

/** Shorter than the pause between two runs of pbx-session, so that the first run after an outage may log in. */
const MAX_LOGIN_LEASE_MS = 8 * 60_000;

export interface LoginDeps extends HoldDeps {
  store: SessionStore;
  readCredentials: () => Promise<Credentials>;
  subscriptionFor: (credentials: Credentials) => Subscription;
  wait?: (ms: number) => Promise<void>;
}

export interface SessionToken {
  readonly token: string;
  readonly snapshot: Snapshot;
  /** The token could not be saved, so no other function has it. `snapshot` has the version that it should replace. */
  readonly isUnsaved?: boolean;
}

/**
 * The only way to log in. `snapshot` is the session without a usable token. Logs in only if no other function is
 * replacing the same session, and logins are not held. Rejects if S3 does not say so: then nobody logs in.
 */
export async function logIn(snapshot: Snapshot, deps: LoginDeps): Promise<SessionToken> {
  const { pbxId, logins, readCredentials, subscriptionFor, now } = deps;
  const credentials = await readCredentials();
  if (!hasCredentials(credentials)) {
    throw new ArchiveError(
      'no-credentials',
      'The credentials of the PBX have not been entered yet. Enter them in the secret with the credentials.',
      { kind: 'login-held' },
    );
  }
  const stored = await logins.read();
  // A token saved since then ends a lease, but not a hold: its login may be older than the refusal.
  const isReplaced = stored.state.session !== snapshot.version;
  const current = isReplaced ? { ...stored, state: { hold: stored.state.hold } } : stored;
  assertNotHeld(current.state, credentials, now());
  const calls = mayRefresh(snapshot, deps) ? 2 : 1;
  const leased = await lease(current, snapshot.version, calls * LOGIN_LEASE_MS, deps);
  const subscription = subscriptionFor(credentials);
  const { tokens, isLogin } = await obtainTokens(snapshot, credentials, subscription, deps).catch(
    async (error: unknown) => {
      const failure = toArchiveError(error);
      if (failure.kind === 'login-held') await hold(leased, failure, credentials, deps);
      throw asLoginFailure(failure);
    },
  );
  const state = { ...tokens, openedAt: now(), subscription: digestSubscription(subscription) };
  const opened = await save(snapshot, state, deps);
  if (opened === undefined) throw new LoginInProgress(now() + LOGIN_LEASE_MS);
  if (isLogin) logOpened(pbxId, tokens, deps.client.rules);
  return opened;
}

/** Whether the session has a refresh token that may still work, and one of its family works for a dead token. */
function mayRefresh(
  { state: { refreshToken, openedAt = 0 } }: Snapshot,
  { client, now }: Pick<LoginDeps, 'client' | 'now'>,
): boolean {
  const { refreshTokenLifeMs = 0 } = client.rules;
  return refreshToken !== undefined && now() - openedAt < refreshTokenLifeMs;
}

/** By the refresh token, if there is one. A login only if that is refused. */
async function obtainTokens(
  snapshot: Snapshot,
  credentials: Credentials,
  subscription: Subscription,
  deps: LoginDeps,
): Promise<{ tokens: Tokens; isLogin: boolean }> {
  const { client } = deps;
  const { refreshToken } = snapshot.state;
  if (refreshToken !== undefined && mayRefresh(snapshot, deps)) {
    try {
      return { tokens: await client.refresh(refreshToken), isLogin: false };
    } catch (error) {
      if (toArchiveError(error).kind !== 'session-expired') throw error;
    }
  }
  return { tokens: await client.login(credentials, subscription), isLogin: true };
}

/**
 * Saves new tokens for all functions, which ends the lease. Returns `undefined` if another function has replaced the
 * session. If the tokens cannot be saved, the caller can still use them; the others wait for the lease to end.
 */
export async function save(
  snapshot: Snapshot,
  state: SessionState & { token: string },
  { pbxId, store }: Pick<LoginDeps, 'pbxId' | 'store'>,
): Promise<SessionToken | undefined> {
  const { token } = state;
  try {
    const saved = await store.replace(snapshot, state);
    return saved && { token, snapshot: saved };
  } catch (error) {
    const { code, message } = toArchiveError(error);
    log('error', 'session-not-saved', { pbx: pbxId, code, message });
    return { token, snapshot: { ...snapshot, state }, isUnsaved: true };
  }
}

/** Only one function logs in at a time. After an attempt without a response, the next one has to wait. */
async function lease(
  current: LoginSnapshot,
  session: string,
  leaseMs: number,
  { logins, now }: LoginDeps,
): Promise<LoginSnapshot> {
  const { login, doubtfulRefusals } = current.state;
  if (login !== undefined && login.until > now()) throw new LoginInProgress(login.until, login.failures > 1);
  const failures = login?.failures ?? 0;
  const until = now() + Math.min(leaseMs * 2 ** failures, MAX_LOGIN_LEASE_MS);
  const leased = await logins.replace(current, {
    session,
    login: { id: randomUUID(), until, failures: failures + 1 },
    doubtfulRefusals,
  });
  if (leased === undefined) throw new LoginInProgress(until);
  return leased;
}

function logOpened(pbx: string, { postsReports }: Tokens, { reportsIf }: SessionRules): void {
  if (postsReports === false) log('warn', 'session-opened', { pbx, postsReports, reportsIf });
  else log('info', 'session-opened', { pbx, ...(reportsIf && postsReports === undefined && { reportsIf }) });
}

/** A failed login must not end a recording's job, whatever error number the PBX returned. */
function asLoginFailure(failure: ArchiveError): ArchiveError {
  if (failure.kind === 'login-held' || failure.kind === 'transient') return failure;
  return new ArchiveError(failure.code, `The login failed. ${failure.message}`, { cause: failure });
}
