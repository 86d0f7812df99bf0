import * as v from 'valibot';
import type { Access } from '../api/contract.ts';
import { createEventBridgeClient } from '../aws-clients.ts';
import type { AccessSettings } from '../config/access-settings.ts';
import { toArchiveError } from '../errors.ts';
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

export const createPublishAccess = (settings: AccessSettings['events']): PublishAccess =>
  settings === undefined
    ? async () => {}
    : publishWith(
        createEventPublisher(createEventBridgeClient(), { bus: 'default', ...settings }),
        settings.types,
      );

const publishWith =
  (publisher: EventPublisher, types: readonly EventType[]): PublishAccess =>
  async (access, rowId, { call = {}, share }) => {
    const { kind, pbx, recording, person, by, address, share: shareId, at: occurredAt, seconds } = access;
    const type = typeOf(kind);
    if (type === undefined || !types.includes(type)) return;
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
      await publisher.publish(event, AbortSignal.timeout(PUBLISH_TIMEOUT_MS));
    } catch (error) {
      log('error', 'access-not-published', { kind, pbx, recording, by, code: toArchiveError(error).code });
    }
  };

function typeOf(kind: Access['kind']): 'Recording Shared' | 'Recording Accessed' | undefined {
  if (kind === 'share-created') return 'Recording Shared';
  return ACCESSES.some((access) => access === kind) ? 'Recording Accessed' : undefined;
}
