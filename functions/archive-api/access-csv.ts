import type { Access } from '../shared/api/contract.ts';

const COLUMNS = [
  'at',
  'kind',
  'pbx',
  'recording',
  'person',
  'by',
  'address',
  'share',
  'seconds',
  'reason',
] as const satisfies (keyof Access)[];

/** CSV as RFC 4180 has it, with a line of names first. */
export const toCsv = (accesses: readonly Access[]): string =>
  [COLUMNS, ...accesses.map((access) => COLUMNS.map((column) => access[column] ?? ''))]
    .map((cells) => `${cells.map((cell) => toCell(String(cell))).join(',')}\r\n`)
    .join('');

/**
 * A spreadsheet takes what begins like this for a formula. Names of people and recordings come from others, so an apostrophe
 * before it makes it text: https://owasp.org/www-community/attacks/CSV_Injection.
 */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

function toCell(value: string): string {
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
