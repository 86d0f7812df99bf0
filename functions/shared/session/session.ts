import { type ArchiveError, PbxRefusal } from '../errors.ts';
import { log } from '../telemetry/log.ts';
import { type LoginDeps, logIn, type SessionToken, save } from './login.ts';
import { forgetRefusal } from './login-hold.ts';
import { LoginInProgress } from './login-in-progress.ts';
import type { Snapshot } from './session-store.ts';
import { digestSubscription } from './subscription.ts';

/**
 * Half of a token's lifetime. A younger token is not refreshed: each refresh uses up a version of the secret, of which
 * Secrets Manager allows a hundred a day.
 */
const REFRESH_AFTER_MS = 15 * 60_000;

/** How often to log in again to a PBX that has said that it posts no reports: a person may have corrected that. */
const ASK_AGAIN_MS = 60 * 60_000;

/** Longer than it takes to save a token that the PBX has just issued. */
const MAX_LOOKS = 5;
const LOOK_EVERY_MS = 500;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export interface KeepOptions {
  /** When the PBX reported a reboot (epoch ms). An older session is replaced. */
  bootedAt?: number | undefined;
  /** Retry credentials that the PBX refused. */
  retryRefused?: boolean;
}

export type Renewed = SessionToken & {
  /** This function has just logged in, so no other one can have replaced the token yet. */
  readonly isNew?: boolean;
};

/** The only source of tokens for every function: the shared token, or a login if there is none. */
export interface Session {
  /**
   * The token of this function's last call or, on the first call, the shared one. Logs in if there is none. Rejects
   * while logins are held.
   */
  current(): Promise<SessionToken>;
  /**
   * Replaces a token that the PBX no longer accepts: with another function's newer one, or by logging in. If another
   * function is just doing that, its token is awaited for some seconds. Rejects with the refusal if it may be no matter of
   * the token, and the token is a new one.
   */
  renew(dead: SessionToken, refusal?: ArchiveError): Promise<Renewed>;
  /** Keeps the token alive and the reports coming. Logs in only if that is not possible. */
  keepAlive(options?: KeepOptions): Promise<'logged-in' | 'kept-alive'>;
  /** Revokes the shared token, for good or until the next function needs one. */
  end(): Promise<void>;
}

export function createSession(deps: LoginDeps): Session {
  const { pbxId, client, store, readCredentials, subscriptionFor, now, wait = pause } = deps;
  /** Used until the PBX refuses it, so that the secret is not read for every recording. */
  let latest: SessionToken | undefined;

  async function current(): Promise<SessionToken> {
    if (latest !== undefined) return latest;
    const snapshot = await store.read();
    const { token } = snapshot.state;
    latest = token === undefined ? await logIn(snapshot, deps) : { token, snapshot };
    return latest;
  }

  async function renew(dead: SessionToken, refusal?: ArchiveError): Promise<Renewed> {
    latest = undefined;
    const snapshot = await store.read();
    const renewed = snapshot.state.token;
    const isRenewed =
      renewed !== undefined && renewed !== dead.token && snapshot.version !== dead.snapshot.version;
    const isDoubtful = refusal instanceof PbxRefusal && refusal.isDoubtful;
    if (!isRenewed && isDoubtful && ageOf(snapshot) < REFRESH_AFTER_MS) throw refusal;
    if (isRenewed) {
      latest = { token: renewed, snapshot };
      return latest;
    }
    try {
      latest = await logIn(snapshot, deps);
    } catch (error) {
      latest = await awaitToken(snapshot, error);
      return latest;
    }
    // Not a property of `latest`: before the next call, another function may replace the token.
    return { ...latest, isNew: true };
  }

  /** A refresh may end the old token before the new one is saved. Rejects with `error` if no other function saves one. */
  async function awaitToken({ version }: Snapshot, error: unknown): Promise<SessionToken> {
    if (!(error instanceof LoginInProgress) || error.hasFailedBefore) throw error;
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      await wait(LOOK_EVERY_MS);
      const snapshot = await store.read();
      const { token } = snapshot.state;
      if (token !== undefined && snapshot.version !== version) return { token, snapshot };
    }
    throw error;
  }

  /** How long ago the PBX issued the token (ms). */
  const ageOf = ({ state }: Snapshot) => now() - (state.refreshedAt ?? state.openedAt ?? 0);

  /** Whether this token's login made the PBX post its reports to the configured address. */
  async function isSubscribed({ snapshot }: SessionToken, bootedAt: number | undefined): Promise<boolean> {
    if (!client.rules.loginSubscribes) return true;
    const { openedAt = 0, subscription, postsReports } = snapshot.state;
    if (postsReports === false && now() - openedAt >= ASK_AGAIN_MS) return false;
    if (bootedAt !== undefined && openedAt <= bootedAt) return false;
    return subscription === digestSubscription(subscriptionFor(await readCredentials()));
  }

  /** Returns the token if it is a new one, or was not saved before. */
  async function prolong({ token, snapshot, isUnsaved }: SessionToken): Promise<SessionToken | undefined> {
    const { state } = snapshot;
    if (state.refreshToken === undefined) {
      await client.heartbeat(token, subscriptionFor(await readCredentials()));
    } else if (ageOf(snapshot) < REFRESH_AFTER_MS) {
      // Every call keeps the token alive. This one changes nothing and fails if the token is dead.
      await client.deviceInfo(token);
    } else if (client.rules.refreshTokenLifeMs !== undefined) {
      return logIn(snapshot, deps);
    } else {
      const tokens = await client.refresh(state.refreshToken);
      return save(snapshot, { ...state, ...tokens, refreshedAt: now() }, deps);
    }
    return isUnsaved ? save(snapshot, { ...state, token }, deps) : undefined;
  }

  /** The session to keep alive: the shared one, unless this function has a newer one that could not be saved. */
  async function kept(): Promise<SessionToken | Snapshot> {
    const snapshot = await store.read();
    if (latest?.isUnsaved && latest.snapshot.version === snapshot.version) return latest;
    const { token } = snapshot.state;
    return token === undefined ? snapshot : { token, snapshot };
  }

  return {
    current,
    renew,
    async end() {
      const session = await kept();
      latest = undefined;
      if (!('token' in session)) return;
      await client.logout(session.token).catch((error: unknown) => {
        const isOver = error instanceof PbxRefusal && error.kind === 'session-expired' && !error.isDoubtful;
        if (!isOver) throw error;
      });
      await store.replace(session.snapshot, {});
      log('info', 'session-ended', { pbx: pbxId });
    },
    async keepAlive({ bootedAt, retryRefused = false } = {}) {
      if (retryRefused) await forgetRefusal(deps);
      const session = await kept();
      latest = undefined;
      if (!('token' in session)) {
        latest = await logIn(session, deps);
        return 'logged-in';
      }
      let refusal: ArchiveError | undefined;
      if (await isSubscribed(session, bootedAt)) {
        try {
          latest = (await prolong(session)) ?? session;
          return 'kept-alive';
        } catch (error) {
          // Whatever the error number, reports stop when the PBX does not keep the session alive.
          const isRejected =
            error instanceof PbxRefusal && (client.rules.loginSubscribes || error.kind === 'session-expired');
          if (!isRejected) throw error;
          log('warn', 'session-rejected-by-pbx', { pbx: pbxId, code: error.code });
          refusal = error;
        }
      }
      await renew(session, refusal);
      return 'logged-in';
    },
  };
}
