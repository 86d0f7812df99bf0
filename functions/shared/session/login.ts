import { randomUUID } from 'node:crypto';
import { digestCredentials, hasCredentials } from '../config/credentials.ts';
import { ArchiveError, PbxRefusal, toArchiveError } from '../errors.ts';
import type { Credentials } from '../pbx/family-settings.ts';
import type { PbxClient, SessionRules, Subscription, Tokens } from '../pbx/pbx-client.ts';
import { log } from '../telemetry/log.ts';
import { LoginInProgress } from './login-in-progress.ts';
import type { LoginSnapshot, LoginState, LoginStore } from './login-store.ts';
import type { SessionState, SessionStore, Snapshot } from './session-store.ts';
import { digestSubscription } from './subscription.ts';

/** Longer than it can take to write the lease, call the PBX, and save the token. */
const LOGIN_LEASE_MS = 60_000;

/** Shorter than the pause between two runs of pbx-session, so that the first run after an outage may log in. */
const MAX_LOGIN_LEASE_MS = 8 * 60_000;

export interface LoginDeps {
  pbxId: string;
  client: PbxClient;
  store: SessionStore;
  logins: LoginStore;
  readCredentials: () => Promise<Credentials>;
  subscriptionFor: (credentials: Credentials) => Subscription;
  now: () => number;
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
  const leased = await lease(current, snapshot.version, deps);
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

/**
 * Permits a login with the refused credentials, because a person has confirmed that they are now right. Doubtful refusals
 * still count: the PBX may have counted them, too, and a new series could block the address.
 */
export async function forgetRefusal({ logins }: Pick<LoginDeps, 'logins'>): Promise<void> {
  const stored = await logins.read();
  const { hold, ...state } = stored.state;
  // If another function has replaced the state since, it has been logging in.
  if (hold !== undefined && (hold.credentials ?? state.doubtfulRefusals) !== undefined)
    await logins.replace(stored, state);
}

/** By the refresh token, if the family's work for dead tokens. A login only if that is refused or too old. */
async function obtainTokens(
  { state }: Snapshot,
  credentials: Credentials,
  subscription: Subscription,
  { client, now }: LoginDeps,
): Promise<{ tokens: Tokens; isLogin: boolean }> {
  const ageMs = now() - (state.openedAt ?? 0);
  const { refreshTokenLifeMs = 0 } = client.rules;
  if (state.refreshToken !== undefined && ageMs < refreshTokenLifeMs) {
    try {
      return { tokens: await client.refresh(state.refreshToken), isLogin: false };
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

function assertNotHeld({ hold }: LoginState, credentials: Credentials, now: number): void {
  if (hold === undefined) return;
  if (hold.until !== undefined && now < hold.until) {
    throw new ArchiveError(
      hold.code,
      hold.reason ?? 'The PBX refuses logins from this address. Wait until that is over.',
      { kind: 'login-held', notBefore: hold.until },
    );
  }
  if (hold.credentials === digestCredentials(credentials)) {
    throw new ArchiveError(
      hold.code,
      hold.reason ??
        'The PBX refused the credentials. Correct them in the secret, or, if they were corrected in the ' +
          'PBX, invoke pbx-session with "retryLogin": true.',
      { kind: 'login-held' },
    );
  }
}

/** Only one function logs in at a time. After an attempt without a response, the next one has to wait. */
async function lease(
  current: LoginSnapshot,
  session: string,
  { logins, now }: LoginDeps,
): Promise<LoginSnapshot> {
  const { login, doubtfulRefusals } = current.state;
  if (login !== undefined && login.until > now()) throw new LoginInProgress(login.until, login.failures > 1);
  const failures = login?.failures ?? 0;
  const until = now() + Math.min(LOGIN_LEASE_MS * 2 ** failures, MAX_LOGIN_LEASE_MS);
  const leased = await logins.replace(current, {
    session,
    login: { id: randomUUID(), until, failures: failures + 1 },
    doubtfulRefusals,
  });
  if (leased === undefined) throw new LoginInProgress(until);
  return leased;
}

/** Saves a refusal for all functions. If that fails, the caller still gets the refusal. */
async function hold(
  leased: LoginSnapshot,
  failure: ArchiveError,
  credentials: Credentials,
  { pbxId, client, logins, now }: LoginDeps,
): Promise<void> {
  const { code, message: reason } = failure;
  log('error', 'login-refused', { pbx: pbxId, code });
  const refusal = failure instanceof PbxRefusal ? failure : undefined;
  const { session, doubtfulRefusals: earlier = 0 } = leased.state;
  const doubtfulRefusals = refusal?.isDoubtful ? earlier + 1 : undefined;
  const holdMs = refusal?.isDoubtful ? client.rules.doubtfulHoldsMs?.[earlier] : refusal?.lockoutMs;
  const held = {
    code,
    ...(holdMs === undefined ? { credentials: digestCredentials(credentials) } : { until: now() + holdMs }),
    reason,
  };
  await logins.replace(leased, { session, hold: held, doubtfulRefusals }).catch((error: unknown) => {
    // The lease remains, so the next attempt is a minute away, then two, and at most eight.
    log('error', 'hold-not-saved', { pbx: pbxId, code: toArchiveError(error).code });
  });
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
