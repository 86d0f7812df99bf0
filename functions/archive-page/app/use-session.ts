import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, createApi } from './api.ts';
import type { Config, Me } from './contract.ts';
import type { OidcSession } from './oidc.ts';

/** Why nobody is signed in. */
export type SignedOutReason = 'ended' | 'signed-out' | 'oidc-failed';

export type Session =
  | { state: 'loading' }
  | { state: 'failed'; error: unknown }
  | { state: 'signed-out'; config: Config; reason?: SignedOutReason }
  | { state: 'signed-in'; config: Config; me: Me };

const REFRESH_MS = 5 * 60_000;

/** The signed-in person, and functions to sign in and out. */
export function useSession() {
  const [session, setSession] = useState<Session>({ state: 'loading' });
  const oidc = useRef<OidcSession | undefined>(undefined);

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

  const loadMe = useCallback(
    async (config: Config) => {
      try {
        setSession({ state: 'signed-in', config, me: await api.me() });
      } catch (error) {
        const isSignedOut = error instanceof ApiError && error.kind === 'signed-out';
        setSession(isSignedOut ? { state: 'signed-out', config } : { state: 'failed', error });
      }
    },
    [api],
  );

  const start = useCallback(async () => {
    setSession({ state: 'loading' });
    try {
      const config = await api.config();
      if (config.authorization === 'token') return await loadMe(config);
      const { startOidc } = await import('./oidc.ts');
      try {
        oidc.current = await startOidc(config);
      } catch {
        // The callback failed; another start finds a clean address.
        oidc.current = await startOidc(config);
        return setSession({ state: 'signed-out', config, reason: 'oidc-failed' });
      }
      if (oidc.current.accessToken() === undefined) setSession({ state: 'signed-out', config });
      else await loadMe(config);
    } catch (error) {
      setSession({ state: 'failed', error });
    }
  }, [api, loadMe]);

  useEffect(() => {
    void start();
  }, [start]);

  // How complete the archive is changes while the page is open.
  const isSignedIn = session.state === 'signed-in';
  useEffect(() => {
    if (!isSignedIn) return undefined;
    const timer = setInterval(async () => {
      if (document.hidden) return;
      const me = await api.me().catch(() => undefined);
      if (me) setSession((before) => (before.state === 'signed-in' ? { ...before, me } : before));
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [api, isSignedIn]);

  const config = 'config' in session ? session.config : undefined;
  return {
    session,
    api,
    start,
    async signInWithToken(token: string, name: string): Promise<void> {
      await api.signIn(token, name);
      if (config) await loadMe(config);
    },
    signInWithOidc: () => oidc.current?.signIn(),
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
