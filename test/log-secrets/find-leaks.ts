import type { Line, Secret } from './evidence.ts';

/** Shorter secrets appear in ordinary text by chance, so the secrets of the tests must be longer. */
export const MIN_SECRET_LENGTH = 10;

/** The kind of each secret that appears in a line, and who printed it; never the secret itself. */
export function findLeaks(lines: readonly Line[], secrets: readonly Secret[]): string[] {
  const byStart = new Map<string, { spelling: string; kind: string }[]>();
  for (const { kind, value } of secrets) {
    for (const spelling of spellingsOf(value)) {
      if (spelling.length < MIN_SECRET_LENGTH) continue;
      const start = spelling.slice(0, MIN_SECRET_LENGTH);
      byStart.set(start, [...(byStart.get(start) ?? []), { spelling, kind }]);
    }
  }
  const leaks = new Set<string>();
  for (const { text, source } of lines) {
    for (let offset = 0; offset + MIN_SECRET_LENGTH <= text.length; offset++) {
      for (const { spelling, kind } of byStart.get(text.slice(offset, offset + MIN_SECRET_LENGTH)) ?? []) {
        if (text.startsWith(spelling, offset)) leaks.add(`${kind} in a line of ${source}`);
      }
    }
  }
  return [...leaks];
}

/** The value as it is, as it is encoded in a URL and as it is escaped in a quoted string. */
const spellingsOf = (value: string) =>
  new Set([value, encodeURIComponent(value.toWellFormed()), JSON.stringify(value).slice(1, -1)]);
