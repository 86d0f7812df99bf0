import { createHash, randomUUID } from 'node:crypto';
import { type Credentials, digestCredentials, hasCredentials } from '../credentials.ts';
import { ArchiveError, toArchiveError } from '../errors.ts';
import { log } from '../log.ts';
import type { PbxClient, Subscription } from '../pbx/types.ts';
import type { SessionState, SessionStore, Snapshot } from './session-store.ts';

/** Longer than a login can take. */
const LOGIN_LEASE_MS = 60_000;

/** Secrets Manager wants a secret written no more than about once in ten minutes, by and large. */
const MAX_LOGIN_LEASE_MS = 10 * 60_000;

/** How long the PBX locks out an address after five failed logins (vendor's guide, error 20002). */
const LOCKOUT_MS = 10 * 60_000;

const LOGIN_TIMEOUT_MS = 45_000;

export interface SessionToken {
  readonly token: string;
  readonly snapshot: Snapshot;
}

export interface SessionDeps {
  pbxId: string;
  client: PbxClient;
  store: SessionStore;
  readCredentials: () => Promise<Credentials>;
  subscriptionFor: (credentials: Credentials) => Subscription;
  now: () => number;
}

/** The one way to a token, for every function: what is shared first, a login only when nothing is. */
export interface Session {
  /** The shared token; logs in if there is none. Fails while logins are held. */
  current(): Promise<SessionToken>;
  /** Called with a token that the PBX no longer takes: another function's newer one, or a login's. */
  renew(dead: SessionToken): Promise<SessionToken>;
  /** Keeps the token alive and the reports coming; logs in only where that is not possible. */
  keepAlive(options?: { bootedAt?: number | undefined }): Promise<'logged-in' | 'kept-alive'>;
}

export function createSession(deps: SessionDeps): Session {
  const { pbxId, client, store, readCredentials, subscriptionFor, now } = deps;

  async function open(snapshot: Snapshot): Promise<SessionToken> {
    const { state } = snapshot;
    const credentials = await readCredentials();
    if (!hasCredentials(credentials)) {
      throw new ArchiveError('no-credentials', 'Nobody has entered the username and the password yet.', {
        action: 'hold',
      });
    }
    assertNotHeld(state, credentials, now());
    const leased = await lease(snapshot);
    const subscription = subscriptionFor(credentials);
    try {
      const tokens = await client.login(credentials, subscription, AbortSignal.timeout(LOGIN_TIMEOUT_MS));
      const opened = await store.replace(leased, {
        ...tokens,
        openedAt: now(),
        subscription: digest(subscription),
      });
      if (opened === undefined) throw loginInProgress(now() + LOGIN_LEASE_MS);
      log('info', 'session-opened', { pbx: pbxId });
      return { token: tokens.token, snapshot: opened };
    } catch (error) {
      const failure = toArchiveError(error);
      if (failure.action === 'hold') await hold(leased, failure, credentials);
      throw asLoginFailure(failure);
    }
  }

  /** Only one function logs in at a time, and after an attempt without an answer the next one waits. */
  async function lease(snapshot: Snapshot): Promise<Snapshot> {
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

  async function hold(leased: Snapshot, { code }: ArchiveError, credentials: Credentials): Promise<void> {
    const locked = code === 'pbx-20002';
    const until = { code, until: now() + LOCKOUT_MS };
    await store.replace(leased, {
      hold: locked ? until : { code, credentials: digestCredentials(credentials) },
    });
    log('error', 'login-refused', { pbx: pbxId, code });
  }

  async function keep({ token, snapshot }: SessionToken): Promise<void> {
    const subscription = subscriptionFor(await readCredentials());
    const { state } = snapshot;
    if (state.refreshToken === undefined) return client.heartbeat(token, subscription);
    const tokens = await client.refresh(state.refreshToken);
    await store.replace(snapshot, { ...state, ...tokens });
  }

  async function renew(dead: SessionToken): Promise<SessionToken> {
    const snapshot = await store.read();
    const renewed = snapshot.state.token;
    if (renewed !== undefined && renewed !== dead.token) return { token: renewed, snapshot };
    return open(snapshot);
  }

  async function current(): Promise<SessionToken> {
    const snapshot = await store.read();
    const { token } = snapshot.state;
    return token === undefined ? open(snapshot) : { token, snapshot };
  }

  return {
    current,
    renew,
    async keepAlive({ bootedAt } = {}) {
      const snapshot = await store.read();
      const { token, openedAt = 0, subscription } = snapshot.state;
      if (token === undefined) {
        await open(snapshot);
        return 'logged-in';
      }
      const wanted = digest(subscriptionFor(await readCredentials()));
      const isSubscribed = subscription === wanted && (bootedAt === undefined || openedAt > bootedAt);
      if (isSubscribed) {
        try {
          await keep({ token, snapshot });
          return 'kept-alive';
        } catch (error) {
          if (toArchiveError(error).action !== 'renew-session') throw error;
        }
      }
      await renew({ token, snapshot });
      return 'logged-in';
    },
  };
}

/** Calls `use` with a token; if the PBX does not take it, renews the session and calls `use` once more. */
export async function withToken<T>(session: Session, use: (token: string) => Promise<T>): Promise<T> {
  const current = await session.current();
  try {
    return await use(current.token);
  } catch (error) {
    if (toArchiveError(error).action !== 'renew-session') throw error;
    return use((await session.renew(current)).token);
  }
}

function assertNotHeld({ hold }: SessionState, credentials: Credentials, now: number): void {
  if (hold === undefined) return;
  if (hold.until !== undefined && now < hold.until) {
    throw new ArchiveError(hold.code, 'The PBX refuses logins from this address for ten minutes.', {
      action: 'hold',
      notBefore: hold.until,
    });
  }
  if (hold.credentials !== undefined && hold.credentials === digestCredentials(credentials)) {
    throw new ArchiveError(
      hold.code,
      'The PBX refused the username or the password; correct them in the secret.',
      {
        action: 'hold',
      },
    );
  }
}

/** The recording's job is not to blame for a login that failed, whatever the PBX said of it. */
function asLoginFailure(failure: ArchiveError): ArchiveError {
  if (failure.action === 'hold' || failure.action === 'retry') return failure;
  return new ArchiveError(failure.code, `Login: ${failure.message}`, { action: 'retry', cause: failure });
}

const loginInProgress = (until: number) =>
  new ArchiveError(
    'login-in-progress',
    'Another function is logging in, or has just tried without an answer.',
    {
      action: 'retry',
      notBefore: until,
    },
  );

/** The URL ends in the webhook's secret, so only a digest is stored (it is long and random: no salt needed). */
const digest = ({ url, form, port }: Subscription) =>
  createHash('sha256')
    .update(JSON.stringify([url, form, port]))
    .digest('base64');
