import { BlockList, isIP } from 'node:net';
import type { ArchiveConfig } from './archive-config.ts';

/** Addresses for documentation: RFC 5737 and RFC 3849. */
const documentation = new BlockList();
documentation.addSubnet('192.0.2.0', 24);
documentation.addSubnet('198.51.100.0', 24);
documentation.addSubnet('203.0.113.0', 24);
documentation.addSubnet('2001:db8::', 32, 'ipv6');

/** Names that nobody can have: RFC 2606. */
const documentationName = /(?:^|\.)(?:example(?:\.(?:com|net|org))?|invalid)$/i;

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
    const placeholders = [
      isExampleHost(hostname) && `${hostname} in baseUrl by the address of your PBX as AWS reaches it`,
      tls.fingerprint256 !== undefined &&
        isPlaceholder(tls.fingerprint256) &&
        "tls.fingerprint256 by the SHA-256 fingerprint of your PBX's certificate",
    ].filter((placeholder) => placeholder !== false);
    if (placeholders.length === 0) continue;
    return `cdk.json still has an example PBX: in pbxs.${id}, replace ${placeholders.join(', and ')} (README.md, "Prepare the PBX").`;
  }
  return undefined;
}
