import * as v from 'valibot';

/** A whole number in a query. */
export function wholeNumber(min: number, max: number) {
  const message = `should be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, message),
    v.transform(Number),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
}

/** How many rows a page has. */
export const pageLimit = v.optional(wholeNumber(1, 200), '50');
