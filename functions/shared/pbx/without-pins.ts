import { trimPadding } from './padding.ts';

/** `pin_code` of the P-Series, `pincode` of the S-Series: the PIN that somebody has entered to make the call. */
const PIN = /^pin_?code$/i;

const REMOVED = '[removed]';

const QUOTE = String.raw`\\{0,8}["']`;

/** Where the value of a field ends: before the next field of JSON or a form, before a closing tag, or with the text. */
const END = String.raw`,\s*(?:${QUOTE})?[a-z_]\w*(?:${QUOTE})?\s*[:=]|&[a-z_]\w*=|</|\}\s*$|$`;

/** A PIN with its name in a text that is not JSON, but resembles it, a form or XML. Takes linear time. */
const PIN_FIELD = new RegExp(String.raw`((?<!\w|</)pin_?code(${QUOTE})?\s*[:=>]).*?(?=${END})`, 'gis');

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
