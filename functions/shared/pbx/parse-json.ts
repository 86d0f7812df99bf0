import { trimPadding } from './padding.ts';

/** As JSON and identifiers write them. An exponent is only another spelling of a number. */
const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/**
 * Parses JSON; returns `undefined` if it is malformed. Some firmware writes identifiers as numbers. Those that would change as a number
 * stay text: call ids that end in 0, and numbers of more digits than a number can hold.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits);
  } catch {
    return undefined;
  }
}

/** A reviver. TypeScript does not know its third argument (ECMAScript proposal "JSON.parse source text access"). */
const keepDigits = (_key: string, value: unknown, { source = '' }: { source?: string } = {}) =>
  typeof value === 'number' && source !== String(value) && DECIMAL.test(source) ? source : value;

/** A NUL after JSON, and what a C program sent after it: the rest of a buffer, with what was in it before. */
const REST_OF_BUFFER = /(?<=\})\s*\0.*$/s;

/** JSON without what embedded servers send around it. */
export const trimJson = (text: string) => trimPadding(text.replace(REST_OF_BUFFER, ''));

/** The text of a field, or a number with characters that JSON does not allow in one; not a value that is cut or broken. */
const FIELD = /"(\w+)"\s*:\s*(?:"([^"\\\p{Cc}]*)"\s*(?:[,}]|$)|([\w.+*#-]+)\s*[,}])/gu;

/**
 * Finds the fields of an object that is not quite JSON: firmwares write numbers with leading zeros, and names with tabs,
 * backslashes and quotation marks as they are. A field that such a value breaks is left out. The first field of a name
 * counts: a second one may be left over from another message.
 */
export const findFields = (text: string): Record<string, string | undefined> =>
  Object.fromEntries(
    Array.from(
      text.matchAll(FIELD),
      ([, name, quoted, bare]) => [name, quoted ?? bare] as const,
    ).toReversed(),
  );

/** An object from its first character to its last: one that is cut off has to be requested again. */
const OBJECT = /^\{.*\}$/s;

/** Parses a response. If it is an object, but malformed, returns the fields that can be found; `undefined` otherwise. */
export function parseResponseText(text: string): unknown {
  const json = trimJson(text);
  return parseJson(json) ?? (OBJECT.test(json) ? findFields(json) : undefined);
}
