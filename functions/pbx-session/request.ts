import * as v from 'valibot';
import { pbxIdSchema } from '../shared/pbx-registry.ts';

/**
 * What the function is invoked with: nothing in particular, by the schedule; `{"pbx":"head-office"}`, by a
 * person; or queue messages, by the webhook after a reboot.
 */
const requestSchema = v.object({
  pbx: v.optional(pbxIdSchema),
  bootedAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
});

const eventSchema = v.object({ Records: v.array(v.object({ messageId: v.string(), body: v.string() })) });

export interface SessionRequest {
  /** All PBXs if absent. */
  pbx: string | undefined;
  bootedAt: number | undefined;
  /** Where the request came from a queue. */
  messageId: string | undefined;
}

/** Fails on what is not a request; a message that is not one ends in the dead-letter queue that way. */
export function readRequests(event: unknown): SessionRequest[] {
  if (!v.is(eventSchema, event)) return [readRequest(v.parse(requestSchema, event ?? {}))];
  return event.Records.map(({ body, messageId }) => ({
    ...readRequest(v.parse(v.pipe(v.string(), v.parseJson(), requestSchema), body)),
    messageId,
  }));
}

const readRequest = ({ pbx, bootedAt }: v.InferOutput<typeof requestSchema>): SessionRequest => ({
  pbx,
  bootedAt: bootedAt === undefined ? undefined : Date.parse(bootedAt),
  messageId: undefined,
});
