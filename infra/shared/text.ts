/** Replaces control and invisible formatting characters, so that external text cannot control the terminal. */
export const toPlainText = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');

/** Wraps `text` between words into lines of at most `width` characters. Longer words are split. */
export function wrap(text: string, width: number): string[] {
  return text.match(new RegExp(`\\S(?:.{0,${width - 1}}(?=\\s|$)|.{0,${width - 1}})`, 'gu')) ?? [];
}

export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
