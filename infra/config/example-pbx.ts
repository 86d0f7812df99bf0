import { BlockList, isIP } from 'node:net';
import type { ArchiveConfig } from './archive-config.ts';

/** Addresses for documentation: RFC 5737 and RFC 3849. */
const documentation = new BlockList();
documentation.addSubnet('192.0.2.0', 24);
documentation.addSubnet('198.51.100.0', 24);
documentation.addSubnet('203.0.113.0', 24);
documentation.addSubnet('2001:db8::', 32, 'ipv6');

/** Names for documentation and tests: RFC 2606. */
const documentationName = /(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid)$/i;

/** A digest has hardly ever so few different bytes. A placeholder such as `00:00:…` or `AB:CD:AB:CD:…` has. */
const MIN_DIFFERENT_BYTES = 8;

function isExampleHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  if (version === 0) return documentationName.test(host);
  return documentation.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

const isPlaceholder = (fingerprint: string) => new Set(fingerprint.split(':')).size < MIN_DIFFERENT_BYTES;

/** What to replace before anything can be deployed, or `undefined` if no PBX is an example. */
export function findExamplePbx({ pbxs }: ArchiveConfig): string | undefined {
  for (const [id, { baseUrl, tls }] of Object.entries(pbxs)) {
    const { hostname } = new URL(baseUrl);
    if (isExampleHost(hostname)) {
      return `cdk.json still has an example PBX: in pbxs.${id}, replace ${hostname} in baseUrl by the address of your PBX as AWS reaches it, and tls.fingerprint256 by the SHA-256 fingerprint of its certificate (README.md, "Prepare the PBX").`;
    }
    if (tls.fingerprint256 !== undefined && isPlaceholder(tls.fingerprint256)) {
      return `cdk.json still has the fingerprint of an example: in pbxs.${id}, replace tls.fingerprint256 by the SHA-256 fingerprint of your PBX's certificate (README.md, "Prepare the PBX").`;
    }
  }
  return undefined;
}
