import { type EventKey, recordingIdOf } from '../../../functions/shared/events/event-key.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';

/** The dead letters that name the recording: its jobs, reports that could not be read, and events. */
export async function deadLettersOf(
  deadLetters: readonly DeadLetter[],
  pbx: string,
  recording: string,
  eventKey: EventKey | undefined,
): Promise<DeadLetter[]> {
  const hasEvents = deadLetters.some(({ content }) => content.kind === 'archive-event');
  // Only then, so that nobody else needs to read the key.
  const recordingId = hasEvents && eventKey ? await recordingIdOf(eventKey, pbx, recording) : undefined;
  return deadLetters.filter(({ content }) => {
    if (content.pbx !== pbx) return false;
    switch (content.kind) {
      case 'job':
        return content.job.recording === recording;
      case 'report':
        return namesOf(recording).some((name) => content.report.includes(name));
      case 'bucket-event':
        return content.event.about?.recording === recording;
      case 'archive-event':
        return content.event.detail.recordingId === recordingId;
      default:
        return false;
    }
  });
}

/** The name in JSON, and in JSON within a string of JSON: a P-Series sends the call that way. */
function namesOf(recording: string): string[] {
  const name = JSON.stringify(recording);
  return [name, JSON.stringify(name).slice(1, -1)];
}
