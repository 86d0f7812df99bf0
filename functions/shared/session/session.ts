import { PbxRefusal, toArchiveError } from '../errors.ts';
import { log } from '../telemetry/log.ts';
import { digestSubscription, type LoginDeps, logIn, type SessionToken } from './login.ts';

/** Half of a token's life: a younger one need not be refreshed, which spares the secret a version. */
const REFRESH_AFTER_MS = 15 * 60_000;

export interface KeepOptions {
  /** When the PBX reported a reboot (epoch ms); a session from before it is replaced. */
  bootedAt?: number | undefined;
  /** Try credentials again that the PBX refused. */
  retryRefused?: boolean;
}

/** The one way to a token, for every function: what is shared first, a login only when nothing is. */
export interface Session {
  /**
   * The token of this function's last call or, at its first, the shared one; logs in if there is none. Fails while
   * logins are held.
   */
  current(): Promise<SessionToken>;
  /** Called with a token that the PBX no longer takes: another function's newer one, or a login's. */
  renew(dead: SessionToken): Promise<SessionToken>;
  /** Keeps the token alive and the reports coming; logs in only where that is not possible. */
  keepAlive(options?: KeepOptions): Promise<'logged-in' | 'kept-alive'>;
}

export function createSession(deps: LoginDeps): Session {
  const { pbxId, client, store, readCredentials, subscriptionFor, now } = deps;
  /** Good until the PBX refuses it: to read the secret for each recording would be a fifth of what it costs. */
  let latest: SessionToken | undefined;

  async function current(): Promise<SessionToken> {
    if (latest !== undefined) return latest;
    const snapshot = await store.read();
    const { token } = snapshot.state;
    latest = token === undefined ? await logIn(snapshot, deps) : { token, snapshot };
    return latest;
  }

  async function renew(dead: SessionToken): Promise<SessionToken> {
    latest = undefined;
    const snapshot = await store.read();
    const renewed = snapshot.state.token;
    const isRenewed = renewed !== undefined && renewed !== dead.token;
    latest = isRenewed ? { token: renewed, snapshot } : await logIn(snapshot, deps);
    return latest;
  }

  /** Whether the PBX posts its reports to where we want them, for this token. */
  async function isSubscribed({ snapshot }: SessionToken, bootedAt: number | undefined): Promise<boolean> {
    const { openedAt = 0, subscription } = snapshot.state;
    if (bootedAt !== undefined && openedAt <= bootedAt) return false;
    return subscription === digestSubscription(subscriptionFor(await readCredentials()));
  }

  async function keep({ token, snapshot }: SessionToken): Promise<void> {
    const { state } = snapshot;
    if (state.refreshToken === undefined) {
      await client.heartbeat(token, subscriptionFor(await readCredentials()));
    } else if (now() - (state.refreshedAt ?? state.openedAt ?? 0) < REFRESH_AFTER_MS) {
      // Every call keeps the token alive; this one changes nothing, and tells if it is dead.
      await client.deviceInfo(token);
    } else {
      const tokens = await client.refresh(state.refreshToken);
      await store.replace(snapshot, { ...state, ...tokens, refreshedAt: now() });
    }
  }

  return {
    current,
    renew,
    async keepAlive({ bootedAt, retryRefused } = {}) {
      latest = undefined;
      const snapshot = await store.read();
      const { token } = snapshot.state;
      if (token === undefined) {
        await logIn(snapshot, deps, retryRefused);
        return 'logged-in';
      }
      const session = { token, snapshot };
      if (await isSubscribed(session, bootedAt)) {
        try {
          await keep(session);
          return 'kept-alive';
        } catch (error) {
          // Whatever the PBX has against it, a session that it does not keep is one without reports.
          if (!(error instanceof PbxRefusal)) throw error;
          log('warn', 'session-rejected-by-pbx', { pbx: pbxId, code: error.code });
        }
      }
      await renew(session);
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
    if (toArchiveError(error).kind !== 'session-expired') throw error;
    return use((await session.renew(current)).token);
  }
}
