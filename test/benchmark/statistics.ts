/** A measurement repeated several times. */
export interface Figure {
  median: number;
  min: number;
  max: number;
}

export function summarize(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new RangeError('No values, so no median.');
  return { median: (low + high) / 2, min: sorted[0] as number, max: sorted.at(-1) as number };
}

/** The smallest value that at least this share of the values does not exceed (nearest rank); `share` is above 0. */
export function percentile(values: readonly number[], share: number): number {
  const found = values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
  if (found === undefined) throw new RangeError('No values, so no percentile.');
  return found;
}
