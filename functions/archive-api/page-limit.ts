import * as v from 'valibot';

const DEFAULT_LIMIT = 50;

/** Query parameter with the number of rows of a page. */
export function pageLimit(max: number) {
  const message = `should be a whole number from 1 to ${max}`;
  return v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,9}$/, message),
      v.transform(Number),
      v.minValue(1, message),
      v.maxValue(max, message),
    ),
    String(DEFAULT_LIMIT),
  );
}
