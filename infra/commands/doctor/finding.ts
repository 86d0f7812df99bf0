import { styleText } from 'node:util';
import { toPlainText } from '../../shared/text.ts';

export interface Result {
  status: 'ok' | 'to-do' | 'not-checked';
  /** One line: what was found, or what is wrong and what to do. */
  text: string;
}

export interface Finding extends Result {
  check: string;
  /** Absent if the check concerns the archive as a whole. */
  pbx?: string;
}

export const ok = (text: string): Result => ({ status: 'ok', text });
export const toDo = (text: string): Result => ({ status: 'to-do', text });
export const notChecked = (text: string): Result => ({ status: 'not-checked', text });

const LABELS = {
  ok: styleText('green', 'ok   '),
  'to-do': styleText('red', 'TO DO'),
  'not-checked': '-    ',
};

/** As wide as the longest name of a check. */
const CHECK_WIDTH = 'last-recording'.length;

export function describeFinding({ status, check, pbx, text }: Finding): string {
  const subject = pbx === undefined ? '' : `${pbx}: `;
  return `${LABELS[status]}  ${check.padEnd(CHECK_WIDTH)}  ${subject}${toPlainText(text)}`;
}
