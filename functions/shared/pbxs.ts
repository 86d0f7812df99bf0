import { readCredentials } from './credentials.ts';
import { ArchiveError } from './errors.ts';
import { createPbxClient } from './pbx/client.ts';
import type { PbxClient } from './pbx/types.ts';
import { readPbxRegistry } from './read-pbx-registry.ts';
import type { Secrets } from './secrets.ts';
import { createSession, type Session } from './session/session.ts';
import { createSessionStore } from './session/session-store.ts';
import { subscriptionOf } from './session/subscription.ts';

export interface OpenPbx {
  client: PbxClient;
  session: Session;
}

/** The PBXs of the registry, each with its client and its session, made when first asked for. */
export function openPbxs(
  env: { PBX_REGISTRY_FILE: string; REPORT_HOST: string },
  secrets: Secrets,
  now: () => number = Date.now,
): { ids: string[]; get(pbxId: string): OpenPbx } {
  const registry = readPbxRegistry(env.PBX_REGISTRY_FILE);
  const opened = new Map<string, OpenPbx>();

  function open(pbxId: string): OpenPbx {
    const pbx = Object.hasOwn(registry, pbxId) ? registry[pbxId] : undefined;
    if (pbx === undefined) {
      throw new ArchiveError('unknown-pbx', `The configuration has no PBX ${pbxId}.`, { action: 'give-up' });
    }
    const client = createPbxClient(pbx);
    const session = createSession({
      pbxId,
      client,
      store: createSessionStore(pbx.sessionSecret, secrets),
      readCredentials: () => readCredentials(pbx, secrets),
      subscriptionFor: ({ webhookSecret }) => subscriptionOf(pbxId, pbx, env.REPORT_HOST, webhookSecret),
      now,
    });
    return { client, session };
  }

  return {
    ids: Object.keys(registry),
    get(pbxId) {
      const known = opened.get(pbxId) ?? open(pbxId);
      opened.set(pbxId, known);
      return known;
    },
  };
}
