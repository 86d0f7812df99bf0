import * as v from 'valibot';
import { pbxIdSchema } from '../shared/config/pbx-registry.ts';

/**
 * What the function is invoked with: nothing in particular, by the schedule; `{"pbx":"head-office"}`, by a
 * person, who adds `"retryLogin":true` after correcting a password in the PBX; or queue messages, by the
 * webhook after a reboot.
 */
const requestSchema = v.object({
  pbx: v.optional(pbxIdSchema),
  bootedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  retryLogin: v.optional(v.boolean(), false),
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
  /** All PBXs if absent. */
  pbx: string | undefined;
  bootedAt: number | undefined;
  retryLogin: boolean;
  /** Of a request from a queue. `attempt` is 1 for the first delivery. */
  message: { id: string; attempt: number } | undefined;
}

/** Fails on what is not a request; a message that is not one ends in the dead-letter queue that way. */
export function readRequests(event: unknown): SessionRequest[] {
  const isFromQueue = typeof event === 'object' && event !== null && 'Records' in event;
  if (!isFromQueue) return [readRequest(v.parse(requestSchema, event ?? {}))];
  return v.parse(queueEventSchema, event).Records.map(({ body, messageId, attributes }) => ({
    ...readRequest(v.parse(v.pipe(v.string(), v.parseJson(), requestSchema), body)),
    message: { id: messageId, attempt: Number(attributes.ApproximateReceiveCount) },
  }));
}

const readRequest = ({ pbx, bootedAt, retryLogin }: v.InferOutput<typeof requestSchema>): SessionRequest => ({
  pbx,
  bootedAt: bootedAt === undefined ? undefined : Date.parse(bootedAt),
  retryLogin,
  message: undefined,
});
