import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** Key and certificate, both as PEM. */
export interface TlsIdentity {
  key: string;
  cert: string;
}

/** Generates a self-signed RSA 2048 certificate, as every PBX does. `names`: host names and IP addresses. */
export async function generateCertificate(names: string[]): Promise<TlsIdentity> {
  const altNames = names.map((name) =>
    isIP(name) ? ({ type: 7, ip: name } as const) : ({ type: 2, value: name } as const),
  );
  const pems = await generate([{ name: 'commonName', value: 'Simulated S-Series PBX' }], {
    keySize: 2048,
    algorithm: 'sha256',
    extensions: [
      // Lets a client trust the self-signed certificate as its own CA.
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { key: pems.private, cert: pems.cert };
}

/** SHA-256 fingerprint in the format of Node's `fingerprint256`: upper-case pairs with colons. */
export function fingerprintOf(identity: TlsIdentity): string {
  return new X509Certificate(identity.cert).fingerprint256;
}

/**
 * Reads the identity stored in `directory`, so that a pinned fingerprint is still right after a restart. Returns
 * `undefined` if there is none, or if it is damaged, as by a kill while it was written.
 */
export function readIdentity(directory: string): TlsIdentity | undefined {
  const [key, cert] = identityFiles(directory);
  try {
    const identity = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    const belongTogether = new X509Certificate(identity.cert).checkPrivateKey(createPrivateKey(identity.key));
    return belongTogether ? identity : undefined;
  } catch {
    return undefined;
  }
}

export function writeIdentity(directory: string, identity: TlsIdentity): void {
  const [key, cert] = identityFiles(directory);
  mkdirSync(directory, { recursive: true });
  writeFileSync(key, identity.key, { mode: 0o600 });
  writeFileSync(cert, identity.cert);
}

const identityFiles = (directory: string) =>
  [join(directory, 'key.pem'), join(directory, 'cert.pem')] as const;
