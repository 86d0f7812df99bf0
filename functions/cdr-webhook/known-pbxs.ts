import { type CachedSecret, createCachedSecret } from '../shared/cached-secret.ts';
import { readCredentials } from '../shared/credentials.ts';
import type { PbxRegistry } from '../shared/pbx-registry.ts';
import type { Secrets } from '../shared/secrets.ts';
import type { KnownPbx } from './receive-report.ts';

/** Finds the registry's PBXs by id; each one's webhook secret is kept in memory for a while. */
export function createKnownPbxs(
  registry: PbxRegistry,
  queueUrlBase: string,
  secrets: Secrets,
  now: () => number,
): (pbxId: string) => KnownPbx | undefined {
  const cached = new Map<string, CachedSecret>(
    Object.entries(registry).map(([id, pbx]) => {
      const fetch = async () => (await readCredentials(pbx, secrets)).webhookSecret;
      return [id, createCachedSecret(fetch, now)];
    }),
  );
  return (pbxId) => {
    const pbx = registry[pbxId];
    const secret = cached.get(pbxId);
    if (pbx === undefined || secret === undefined) return undefined;
    return {
      serialNumber: pbx.serialNumber,
      queueUrl: queueUrlBase + pbx.queueName,
      isSecret: (candidate) => secret.matches(candidate),
    };
  };
}
