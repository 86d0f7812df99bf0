/** As many digits as two ways of writing one number surely share: numbers are indexed by them. */
export const KEY_DIGITS = 6;

/**
 * What people and PBXs put between the digits of a number. `(0)` is dropped from numbers with a country code. Invisible
 * characters (Cf), such as marks of the writing direction, are copied with numbers from address books and web pages.
 */
const PUNCTUATION = /\(0\)|[\s().\-/\u2010-\u2015\u2212\p{Cf}]/gu;

/**
 * A number without punctuation and without the prefix that depends on who dials it: `+49 30 123456`, `0049 30 123456` and
 * `030 123456` become `4930123456`, `4930123456` and `30123456`. `undefined` if it is no number, such as `anonymous` or
 * `*43#`.
 */
function significantDigits(number: string): string | undefined {
  const [, digits] = /^(?:tel:)?\+?(\d+)$/i.exec(number.replace(PUNCTUATION, '')) ?? [];
  // Extensions stay whole.
  return digits !== undefined && digits.length > KEY_DIGITS ? digits.replace(/^0+(?=\d)/, '') : digits;
}

/**
 * The text by which a number is found: its last six digits, or the whole if it is an extension or no number at all.
 */
export function numberKey(number: string): string {
  return significantDigits(number)?.slice(-KEY_DIGITS) ?? number.trim().toLowerCase();
}

/** Whether a number that somebody typed finds no longer one that ends with it. */
export const isFoundAsWhole = (typed: string): boolean =>
  (significantDigits(typed)?.length ?? 0) < KEY_DIGITS;

/**
 * Whether a number that somebody typed is the one of a call. A long number may have a prefix that the other one lacks.
 * Extensions and texts have to be equal.
 */
export function isSameNumber(typed: string, number: string): boolean {
  const [a, b] = [significantDigits(typed), significantDigits(number)];
  if (a === undefined || b === undefined) return numberKey(typed) === numberKey(number);
  if (Math.min(a.length, b.length) < KEY_DIGITS) return a === b;
  return a.endsWith(b) || b.endsWith(a);
}
