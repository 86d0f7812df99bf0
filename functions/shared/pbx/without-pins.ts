import { trimPadding } from './padding.ts';

/** `pin_code` of the P-Series, `pincode` of the S-Series: the PIN that somebody has entered to make the call. */
const PIN = /^pin_?code$/i;

const REMOVED = '[removed]';

/** The same in a text that is not JSON: with all that follows, up to the next field or to the end. */
const PIN_FIELD = /((\\{0,8}")pin_?code\2\s*:).*?(?=,\s*\\{0,8}"\w+\\{0,8}"\s*:|\}\s*$|$)/gis;

/** A report without the PINs in it, at any depth and in strings that hold JSON. A text that has none is unchanged. */
export function withoutPins(text: string): string {
  try {
    return withoutPinsOfJson(text);
  } catch {
    // Not JSON, or nested too deeply.
    return text.replace(PIN_FIELD, `$1$2${REMOVED}$2`);
  }
}

function withoutPinsOfJson(text: string): string {
  let hasPin = false;
  const json = JSON.stringify(JSON.parse(trimPadding(text)), (name, value: unknown) => {
    const kept = keptOf(name, value);
    hasPin ||= kept !== value;
    return kept;
  });
  return hasPin ? json : text;
}

function keptOf(name: string, value: unknown): unknown {
  if (PIN.test(name)) return value === '' || value === null ? value : REMOVED;
  return typeof value === 'string' ? withoutPins(value) : value;
}
