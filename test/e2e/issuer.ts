import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsIdentity } from '../../infra/simulated-pbx/simulated-pbx.ts';

/** An OpenID provider that issues tokens to anybody who asks. */
export interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** A JWT that is valid for five minutes. */
  issue(audience: string, roles?: string[]): string;
}

const KEY_ID = 'e2e';
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** `identity` has to be trusted by API Gateway, which fetches the key for checking the tokens. */
export async function startIssuer(identity: TlsIdentity): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const server = createServer(identity, ({ url: path }, response) => {
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }];
    const isDiscovery = path === '/.well-known/openid-configuration';
    const document = isDiscovery ? { issuer: url, jwks_uri: `${url}/keys` } : { keys };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(document));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    issue(audience, roles = ['administrator']) {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: url, sub: 'crm', aud: audience, roles, iat: now, exp: now + 300 };
      const signed = `${encode({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${encode(claims)}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
