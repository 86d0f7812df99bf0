import type { DeadLetter } from '../dead-letters/dead-letter.ts';

/** The dead letters that name the recording: its jobs, and reports that could not be read. */
export const deadLettersOf = (deadLetters: readonly DeadLetter[], pbx: string, recording: string) =>
  deadLetters.filter(({ content }) => {
    if (content.pbx !== pbx) return false;
    if (content.kind === 'job') return content.job.recording === recording;
    return content.kind === 'report' && content.report.includes(JSON.stringify(recording));
  });
