import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { EVENT_SOURCE } from '../../../functions/shared/events/publish.ts';
import type { UndeliveredEvent } from './dead-letter.ts';

/** Puts an event on the default bus again. `detail` keeps its id, by which subscribers know that they have seen it. */
export async function publishAgain(
  client: EventBridgeClient,
  { type, time, detail }: UndeliveredEvent,
): Promise<void> {
  const { FailedEntryCount, Entries } = await client.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: 'default',
          Source: EVENT_SOURCE,
          DetailType: type,
          Time: new Date(time),
          Detail: JSON.stringify(detail),
        },
      ],
    }),
  );
  // EventBridge responds with 200 even then.
  if (FailedEntryCount) {
    const { ErrorCode = 'unknown', ErrorMessage = '' } = Entries?.[0] ?? {};
    throw new ArchiveError(ErrorCode, ErrorMessage);
  }
}
