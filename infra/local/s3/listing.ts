export interface Listing {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page starts: the last key or common prefix of this one. Undefined on the last page. */
  readonly next: string | undefined;
}

/** One page of a bucket's keys: those after `after`, with what lies behind a delimiter rolled up into one prefix. */
export function listKeys(
  sortedKeys: readonly string[],
  { prefix, delimiter, after, limit }: { prefix: string; delimiter: string; after: string; limit: number },
): Listing {
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last: string | undefined;
  for (const key of sortedKeys.slice(findFirstAfter(sortedKeys, after))) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = end === -1 ? key : key.slice(0, end + delimiter.length);
    // A common prefix is listed once, here or on the page before.
    if (end !== -1 && (entry === last || after.startsWith(entry))) continue;
    if (keys.length + commonPrefixes.length === limit) return { keys, commonPrefixes, next: last };
    (end === -1 ? keys : commonPrefixes).push(entry);
    last = entry;
  }
  return { keys, commonPrefixes, next: undefined };
}

/** By UTF-8 bytes, the order of `sortedKeys`, which is not that of JavaScript's strings. */
function findFirstAfter(sortedKeys: readonly string[], after: string): number {
  const bytes = Buffer.from(after);
  let [low, high] = [0, sortedKeys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare(Buffer.from(sortedKeys[middle] ?? ''), bytes) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
