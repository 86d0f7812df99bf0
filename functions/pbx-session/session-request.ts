import * as v from 'valibot';
import { pbxIdSchema } from '../shared/config/pbx-registry.ts';

/**
 * The function is invoked
 * - by the schedule, with an event without these fields;
 * - by a person, with `{"pbx":"head-office"}`, and `"retryLogin":true` after a password was corrected in the PBX;
 * - by a person before the stack is removed, with `{"endSession":true}`;
 * - by the queue, with messages that the webhook sends after a reboot.
 */
const requestSchema = v.object({
  pbx: v.optional(pbxIdSchema),
  bootedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  retryLogin: v.optional(v.boolean(), false),
  endSession: v.optional(v.literal(true)),
});

const queueEventSchema = v.object({
  Records: v.array(
    v.object({
      messageId: v.string(),
      body: v.string(),
      attributes: v.object({ ApproximateReceiveCount: v.string() }),
    }),
  ),
});

export interface SessionRequest {
  /** All PBXs if `undefined`. */
  pbx: string | undefined;
  bootedAt: number | undefined;
  retryLogin: boolean;
  /** Revoke the token instead. */
  endSession?: true;
  /** Set for a request from the queue. `attempt` is 1 for the first delivery. */
  message: { id: string; attempt: number } | undefined;
}

/** Throws if the event is not a request. A malformed message therefore ends up in the dead-letter queue. */
export function readRequests(event: unknown): SessionRequest[] {
  const isFromQueue = typeof event === 'object' && event !== null && 'Records' in event;
  if (!isFromQueue) return [toSessionRequest(v.parse(requestSchema, event ?? {}))];
  return v.parse(queueEventSchema, event).Records.map(({ body, messageId, attributes }) => ({
    ...toSessionRequest(v.parse(v.pipe(v.string(), v.parseJson(), requestSchema), body)),
    message: { id: messageId, attempt: Number(attributes.ApproximateReceiveCount) },
  }));
}

const toSessionRequest = ({
  pbx,
  bootedAt,
  retryLogin,
  endSession,
}: v.InferOutput<typeof requestSchema>): SessionRequest => ({
  pbx,
  bootedAt: bootedAt === undefined ? undefined : Date.parse(bootedAt),
  retryLogin,
  ...(endSession && { endSession }),
  message: undefined,
});
