/** Text from outside must not speak to the terminal: escape sequences, line breaks and the like become visible. */
export const toPlainText = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');

/** Breaks `text` between words, or within one that is too long, into lines of up to `width` characters. */
export function wrap(text: string, width: number): string[] {
  return text.match(new RegExp(`\\S(?:.{0,${width - 1}}(?=\\s|$)|.{0,${width - 1}})`, 'gu')) ?? [];
}

export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
