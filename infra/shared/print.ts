import { toPlainLines } from './text.ts';

/** Prints text that may contain names and messages from outside. Its line breaks must be ours. */
export const print = (text: string): void => console.log(toPlainLines(text));

/** The same, on stderr. */
export const printError = (text: string): void => console.error(toPlainLines(text));
