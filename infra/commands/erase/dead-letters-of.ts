import type { DeadLetter } from '../dead-letters/dead-letter.ts';

/** The dead letters that name the recording: its jobs, reports that could not be read, and events for the index. */
export const deadLettersOf = (deadLetters: readonly DeadLetter[], pbx: string, recording: string) =>
  deadLetters.filter(({ content }) => {
    if (content.pbx !== pbx) return false;
    if (content.kind === 'job') return content.job.recording === recording;
    if (content.kind === 'bucket-event') return content.event.about?.recording === recording;
    return content.kind === 'report' && content.report.includes(JSON.stringify(recording));
  });
