import { InMemoryWebStorage, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import type { Config } from './contract.ts';

export type OidcConfig = Extract<Config, { authorization: 'jwt' }>;

export interface OidcSession {
  accessToken(): string | undefined;
  /** Reads the issuer's response from the address, and removes it there, whatever the response is. */
  finishSignIn(): Promise<void>;
  /** Leaves the page for the issuer, which sends the person back to the same address. */
  signIn(): Promise<void>;
  signOut(): Promise<void>;
}

/** Addresses to which the issuer may send a person back have to be registered, so there is one. */
const redirectUri = () => `${location.origin}/`;

/**
 * OpenID Connect: code flow with PKCE. Tokens stay in memory. What belongs to a sign-in that has begun (state, code
 * verifier) has to survive the way to the issuer and back, and is in this tab's storage until then.
 */
export function createOidcSession(config: OidcConfig): OidcSession {
  const manager = new UserManager({
    authority: config.issuer,
    client_id: config.clientId,
    redirect_uri: redirectUri(),
    scope: config.scope,
    response_type: 'code',
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    // With a refresh token. Without one, the session ends with the access token.
    automaticSilentRenew: true,
    monitorSession: false,
  });
  let accessToken: string | undefined;
  manager.events.addUserLoaded((user) => {
    accessToken = user.access_token;
  });
  manager.events.addUserUnloaded(() => {
    accessToken = undefined;
  });

  return {
    accessToken: () => accessToken,
    async finishSignIn() {
      // Without a reload, the code and the state are gone from the address and from the history.
      const user = await manager.signinRedirectCallback().finally(() => history.replaceState(null, '', '/'));
      accessToken = user.access_token;
      if (typeof user.state === 'string' && user.state.startsWith('/'))
        history.replaceState(null, '', user.state);
    },
    signIn: () => manager.signinRedirect({ state: location.pathname + location.search }),
    async signOut() {
      await manager.removeUser();
      accessToken = undefined;
    },
  };
}
