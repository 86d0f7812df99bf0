import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, createApi } from './api.ts';
import type { Config, Me } from './contract.ts';
import type { OidcConfig, OidcSession } from './oidc.ts';

/** Why nobody is signed in. */
export type SignedOutReason = 'ended' | 'signed-out' | 'oidc-failed' | 'not-kept' | 'not-accepted';

export interface SignedOut {
  state: 'signed-out';
  config: Config;
  reason?: SignedOutReason;
}

export type Session =
  | { state: 'loading' }
  | { state: 'failed'; error: unknown }
  | SignedOut
  | { state: 'signed-in'; config: Config; me: Me };

const REFRESH_MS = 5 * 60_000;

/** Whether the issuer has just sent the person back. */
function isSignInResponse(): boolean {
  const query = new URLSearchParams(location.search);
  return query.has('state') && (query.has('code') || query.has('error'));
}

/** The signed-in person, and functions to sign in and out. */
export function useSession() {
  const [session, setSession] = useState<Session>({ state: 'loading' });
  const oidc = useRef<OidcSession | undefined>(undefined);

  /** The client of OpenID Connect is as large as the rest of the page, and of no use before somebody signs in. */
  const loadOidc = useCallback(async (config: OidcConfig) => {
    const { createOidcSession } = await import('./oidc.ts');
    oidc.current ??= createOidcSession(config);
    return oidc.current;
  }, []);

  const api = useMemo(
    () =>
      createApi({
        accessToken: () => oidc.current?.accessToken(),
        onSignedOut: () =>
          setSession((before) =>
            before.state === 'signed-in'
              ? { state: 'signed-out', config: before.config, reason: 'ended' }
              : before,
          ),
      }),
    [],
  );

  /** `hasSignedIn`: the person has just done so, and has to learn why they are not signed in nevertheless. */
  const loadMe = useCallback(
    async (config: Config, hasSignedIn = false) => {
      try {
        setSession({ state: 'signed-in', config, me: await api.me() });
      } catch (error) {
        const isSignedOut = error instanceof ApiError && error.kind === 'signed-out';
        if (!isSignedOut) return setSession({ state: 'failed', error });
        const reason = config.authorization === 'token' ? 'not-kept' : 'not-accepted';
        setSession({ state: 'signed-out', config, ...(hasSignedIn && { reason }) });
      }
    },
    [api],
  );

  const start = useCallback(async () => {
    setSession({ state: 'loading' });
    try {
      const config = await api.config();
      if (config.authorization === 'token') return await loadMe(config);
      const hasSignedIn = isSignInResponse();
      if (hasSignedIn) {
        const session = await loadOidc(config);
        try {
          await session.finishSignIn();
        } catch {
          return setSession({ state: 'signed-out', config, reason: 'oidc-failed' });
        }
      }
      if (oidc.current?.accessToken() === undefined) setSession({ state: 'signed-out', config });
      else await loadMe(config, hasSignedIn);
    } catch (error) {
      setSession({ state: 'failed', error });
    }
  }, [api, loadMe, loadOidc]);

  useEffect(() => {
    void start();
  }, [start]);

  // How complete the archive is changes while the page is open.
  const isSignedIn = session.state === 'signed-in';
  useEffect(() => {
    if (!isSignedIn) return undefined;
    async function refresh(): Promise<void> {
      if (document.hidden) return;
      const me = await api.me().catch(() => undefined);
      if (me) setSession((before) => (before.state === 'signed-in' ? { ...before, me } : before));
    }
    const timer = setInterval(refresh, REFRESH_MS);
    // What was known when the page was left may be old by now.
    document.addEventListener('visibilitychange', refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refresh);
    };
  }, [api, isSignedIn]);

  const config = 'config' in session ? session.config : undefined;
  return {
    session,
    api,
    start,
    async signInWithToken(token: string, name: string): Promise<void> {
      await api.signIn(token, name);
      if (config) await loadMe(config, true);
    },
    async signInWithOidc(): Promise<void> {
      if (config?.authorization === 'jwt') await (await loadOidc(config)).signIn();
    },
    async signOut(): Promise<void> {
      try {
        await (oidc.current ? oidc.current.signOut() : api.signOut());
        if (config) setSession({ state: 'signed-out', config, reason: 'signed-out' });
      } catch (error) {
        // The cookie is still there: nobody should believe that they are signed out.
        setSession({ state: 'failed', error });
      }
    },
  };
}
