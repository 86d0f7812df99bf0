import { sha256 } from '../../../functions/shared/sha256.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';

/** The dead letters that name the recording: its jobs, reports that could not be read, and events. */
export function deadLettersOf(
  deadLetters: readonly DeadLetter[],
  pbx: string,
  recording: string,
): DeadLetter[] {
  const digest = sha256(recording).toString('hex');
  return deadLetters.filter(({ content }) => {
    if (content.pbx !== pbx) return false;
    switch (content.kind) {
      case 'job':
        return content.job.recording === recording;
      case 'report':
        return content.report.includes(JSON.stringify(recording));
      case 'bucket-event':
        return content.event.about?.recording === recording;
      case 'archive-event':
        return content.event.detail.recordingSha256 === digest;
      default:
        return false;
    }
  });
}
