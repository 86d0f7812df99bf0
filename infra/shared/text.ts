/**
 * Replaces control and invisible characters, so that text from outside can neither control the terminal nor look like
 * something else. Variation selectors stay: emoji and Japanese names are written with them.
 */
export const toPlainText = (text: string) =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]|(?!\p{Variation_Selector})\p{Default_Ignorable_Code_Point}/gu, '\uFFFD');

/** The same for text of several lines, all of which are ours. */
export const toPlainLines = (text: string) => text.split('\n').map(toPlainText).join('\n');

/** Wraps `text` between words into lines of at most `width` characters. Longer words are split. */
export function wrap(text: string, width: number): string[] {
  return text.match(new RegExp(`\\S(?:.{0,${width - 1}}(?=\\s|$)|.{0,${width - 1}})`, 'gu')) ?? [];
}

export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Units of size in bytes, the largest first. */
const UNITS = [
  ['gigabyte', 1e9],
  ['megabyte', 1e6],
  ['kilobyte', 1e3],
] as const;

/** A size for people, such as `96 kB`. */
export function formatSize(bytes: number): string {
  const [unit, unitBytes] = UNITS.find(([, size]) => bytes >= size) ?? [];
  if (unit === undefined) return plural(bytes, 'byte');
  const options = { style: 'unit', unit, maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat('en', options).format(bytes / unitBytes);
}

/** `text` as one word of a POSIX shell. */
export const shellQuote = (text: string) =>
  /^[\w./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** JSON on one line, in which control and invisible characters are escaped as well. */
export const toJsonLine = (value: unknown) =>
  JSON.stringify(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join(''),
  );

const escapeUnit = (unit: number) => `\\u${unit.toString(16).padStart(4, '0')}`;
