import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { withSignal } from '../aws-clients.ts';
import { ArchiveError } from '../errors.ts';
import type { IndexedRecording } from '../recording-index/row.ts';
import { type EventKey, recordingIdOf } from './event-key.ts';
import type { CallFacts, EventType } from './schemas.ts';

/** `source` of all events of the archive. */
export const EVENT_SOURCE = 'pbx-recording-archive';

export interface ArchiveEvent {
  /** `detail-type`. */
  type: EventType;
  recording: Pick<IndexedRecording, 'pbx' | 'recording'> &
    CallFacts &
    Partial<Omit<IndexedRecording, keyof CallFacts>>;
  /** ISO 8601, UTC. */
  occurredAt: string;
  /** What tells this fact from others of its type about the same recording. */
  fact: readonly unknown[];
  /** What else the event says. No phone numbers, no URL, nothing secret. */
  details?: Readonly<Record<string, unknown>>;
}

export interface EventPublisher {
  /** Rejects if EventBridge does not accept the event. It may have accepted it before: subscribers compare ids. */
  publish(event: ArchiveEvent, signal?: AbortSignal): Promise<void>;
}

export interface EventOptions {
  /** Name of the event bus. Without one, nothing is published. */
  bus: string | undefined;
  /** Whether events contain phone numbers. */
  numbers: boolean;
  /** Name of the stack: several archives may share a bus. */
  archive: string;
  key: EventKey;
}

export function createEventPublisher(
  client: EventBridgeClient,
  { bus, numbers, archive, key }: EventOptions,
): EventPublisher {
  return {
    async publish({ type, recording, occurredAt, fact, details }, abortSignal) {
      if (bus === undefined) return;
      // A trunk is often named by its number.
      const { pbx, recording: name, state, from, to, did, trunk, ...facts } = recording;
      const id = await key.digest(JSON.stringify([type, pbx, name, ...fact]));
      const detail = {
        version: '1',
        id: id.slice(0, 32),
        archive,
        pbx,
        recordingId: await recordingIdOf(key, pbx, name),
        ...(numbers && { recording: name, from, to, did, trunk }),
        occurredAt,
        ...facts,
        ...details,
      };
      const command = new PutEventsCommand({
        Entries: [
          {
            EventBusName: bus,
            Source: EVENT_SOURCE,
            DetailType: type,
            Time: new Date(occurredAt),
            Detail: JSON.stringify(detail),
          },
        ],
      });
      const { FailedEntryCount, Entries } = await client.send(command, withSignal(abortSignal));
      // EventBridge responds with 200 even then.
      if (FailedEntryCount) {
        const reason = Entries?.[0]?.ErrorCode ?? 'unknown';
        throw new ArchiveError('event-not-published', `EventBridge did not accept the event (${reason}).`);
      }
    },
  };
}
