import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** Key and certificate, both as PEM. */
export interface TlsIdentity {
  key: string;
  cert: string;
}

/** A self-signed RSA 2048 certificate such as every PBX makes for itself. `names`: host names and addresses. */
export async function generateCertificate(names: string[]): Promise<TlsIdentity> {
  const altNames = names.map((name) =>
    isIP(name) ? ({ type: 7, ip: name } as const) : ({ type: 2, value: name } as const),
  );
  const pems = await generate([{ name: 'commonName', value: 'Simulated S-Series PBX' }], {
    keySize: 2048,
    algorithm: 'sha256',
    extensions: [
      // A self-signed certificate that a client is to trust as its own authority.
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { key: pems.private, cert: pems.cert };
}

/** SHA-256 as Node's `fingerprint256` writes it: upper-case pairs with colons. */
export function fingerprintOf(identity: TlsIdentity): string {
  return new X509Certificate(identity.cert).fingerprint256;
}

/** The identity kept in `directory`, so that a pinned fingerprint stays true after a restart. */
export function readIdentity(directory: string): TlsIdentity | undefined {
  const [key, cert] = identityFiles(directory);
  return existsSync(key) && existsSync(cert)
    ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
    : undefined;
}

export function writeIdentity(directory: string, identity: TlsIdentity): void {
  const [key, cert] = identityFiles(directory);
  mkdirSync(directory, { recursive: true });
  writeFileSync(key, identity.key, { mode: 0o600 });
  writeFileSync(cert, identity.cert);
}

const identityFiles = (directory: string) =>
  [join(directory, 'key.pem'), join(directory, 'cert.pem')] as const;
