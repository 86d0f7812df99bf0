import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import * as v from 'valibot';
import type { Access } from '../api/contract.ts';
import type { AccessSettings } from '../config/access-settings.ts';
import type { Secrets } from '../config/secrets.ts';
import { toArchiveError } from '../errors.ts';
import { createEventKey } from '../events/event-key.ts';
import { createEventPublisher, type EventPublisher } from '../events/publish.ts';
import {
  ACCESSES,
  type CallFacts,
  callFactsSchema,
  type EventType,
  type ShareFacts,
  shareFactsSchema,
} from '../events/schemas.ts';
import { log } from '../telemetry/log.ts';

/** As long as a row of the access log may take: both are written at once. */
const PUBLISH_TIMEOUT_MS = 2_000;

/** What an event says, and the access log does not. */
export interface EventFacts {
  call?: CallFacts;
  /** The share that was made. */
  share?: ShareFacts;
}

/** Publishes what happened, if that is switched on. Never rejects, for the same reason as `AccessLog.add`. */
export type PublishAccess = (access: Access, rowId: string, facts: EventFacts) => Promise<void>;

export function createPublishAccess(
  settings: AccessSettings['events'],
  { secrets, eventBridge }: { secrets: Secrets; eventBridge: EventBridgeClient },
): PublishAccess {
  if (settings === undefined) return async () => {};
  const { types, keySecret, ...options } = settings;
  const key = createEventKey(secrets, keySecret, Date.now);
  const publisher = createEventPublisher(eventBridge, { bus: 'default', ...options, key });
  return publishWith(publisher, types);
}

const publishWith =
  (publisher: EventPublisher, types: readonly EventType[]): PublishAccess =>
  async (access, rowId, { call = {}, share }) => {
    const { kind, pbx, recording, person, by, address, share: shareId, at: occurredAt, seconds } = access;
    const type = typeOf(kind);
    if (type === undefined || !types.includes(type) || pbx === undefined || recording === undefined) return;
    const who = { person, by, address, share: shareId };
    try {
      const event = {
        type,
        recording: { pbx, recording, ...v.parse(callFactsSchema, call) },
        occurredAt,
        ...(type === 'Recording Shared'
          ? { fact: [shareId], details: { ...who, ...v.parse(shareFactsSchema, share) } }
          : { fact: [rowId], details: { ...who, kind, playedSeconds: seconds } }),
      };
      const signal = AbortSignal.timeout(PUBLISH_TIMEOUT_MS);
      await Promise.race([publisher.publish(event, signal), failing(signal)]);
    } catch (error) {
      log('error', 'access-not-published', { kind, pbx, recording, by, code: toArchiveError(error).code });
    }
  };

/** Rejects when the signal aborts, also while the key is being fetched, which a signal does not reach. */
const failing = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

function typeOf(kind: Access['kind']): 'Recording Shared' | 'Recording Accessed' | undefined {
  if (kind === 'share-created') return 'Recording Shared';
  return ACCESSES.some((access) => access === kind) ? 'Recording Accessed' : undefined;
}
