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
