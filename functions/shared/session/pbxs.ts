import type { S3Client } from '@aws-sdk/client-s3';
import { readCredentials } from '../config/credentials.ts';
import type { Pbx, PbxRegistry } from '../config/pbx-registry.ts';
import type { Secrets } from '../config/secrets.ts';
import { ArchiveError } from '../errors.ts';
import { createPbxClient } from '../pbx/family-clients.ts';
import type { PbxClient } from '../pbx/pbx-client.ts';
import { createLoginStore } from './login-store.ts';
import { createSession, type Session } from './session.ts';
import { createSessionStore } from './session-store.ts';
import { subscriptionOf } from './subscription.ts';

export interface OpenPbx {
  settings: Pbx;
  client: PbxClient;
  session: Session;
}

/** Where the functions share their sessions. */
interface Shared {
  secrets: Secrets;
  s3: S3Client;
  bucket: string;
}

/** The PBXs of the registry, each with its client and its session, which are created on first use. */
export function openPbxs(
  registry: PbxRegistry,
  /** Replaces `{host}` in a PBX's `reportUrl`. */
  reportHost: string,
  { secrets, s3, bucket }: Shared,
  now: () => number = Date.now,
): { ids: string[]; get(pbxId: string): OpenPbx } {
  const opened = new Map<string, OpenPbx>();

  function open(pbxId: string): OpenPbx {
    const settings = Object.hasOwn(registry, pbxId) ? registry[pbxId] : undefined;
    if (settings === undefined) {
      throw new ArchiveError(
        'unknown-pbx',
        `The configuration has no PBX ${pbxId}. Check the id, or add the PBX to cdk.json and deploy.`,
        { kind: 'permanent' },
      );
    }
    const client = createPbxClient(settings, { pbxId });
    const session = createSession({
      pbxId,
      client,
      store: createSessionStore(settings.sessionSecret, secrets),
      logins: createLoginStore(s3, bucket, pbxId),
      readCredentials: () => readCredentials(settings, secrets),
      subscriptionFor: ({ webhookSecret }) => subscriptionOf(pbxId, settings, reportHost, webhookSecret),
      now,
    });
    return { settings, client, session };
  }

  return {
    ids: Object.keys(registry),
    get(pbxId) {
      const pbx = opened.get(pbxId) ?? open(pbxId);
      opened.set(pbxId, pbx);
      return pbx;
    },
  };
}
