import { toPlainLines } from './text.ts';

/** Prints text that may contain names and messages from outside. Its line breaks must be ours. */
export const print = (text: string): void => console.log(toPlainLines(text));

/** The same, on stderr. */
export const printError = (text: string): void => console.error(toPlainLines(text));

/** The exit status that a shell shows for a program ended by SIGPIPE, which Node.js ignores. */
const SIGPIPE_STATUS = 141;

/** Ends the process, as SIGPIPE ends other programs, when nobody reads its output any more: `npm run doctor | head`. */
export function exitWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(SIGPIPE_STATUS);
      throw error;
    });
}
