import { mapConcurrently } from '../map-concurrently.ts';
import type { IndexItem, IndexReader, Partition } from './index-reader.ts';

/** Requests to DynamoDB at once. */
const CONCURRENCY = 25;

/** Larger pages would be read in vain where the filters drop nothing. */
const MAX_PAGE = 250;

/** Rows of a partition between two instants: `from` included, `to` excluded. */
export interface StreamSource {
  readonly partition: Partition;
  readonly from: string;
  readonly to: string;
}

/** A place in the order of the rows, which is descending by sort key, then by PBX. */
export interface Position {
  readonly sk: string;
  readonly pbx: string;
}

interface Entry {
  readonly item: IndexItem;
  readonly bytes: Buffer;
}

interface Stream {
  readonly source: StreamSource;
  entries: Entry[];
  pageSize: number;
  start: Record<string, unknown> | undefined;
  hasEnded: boolean;
}

export interface MergedRows {
  /** The next row, each one once; `undefined` at the end of all streams, or when no more may be read. */
  next(): Promise<IndexItem | undefined>;
  /** Whether all streams have been read to their end. */
  hasEnded(): boolean;
}

/**
 * Merges partitions of the index into one sequence, newest first. After `maxReads` rows, nothing further is read than
 * what each stream needs to begin.
 */
export async function mergeStreams(
  reader: IndexReader,
  sources: readonly StreamSource[],
  { after, expected, maxReads }: { after: Position | undefined; expected: number; maxReads: number },
): Promise<MergedRows> {
  let reads = 0;
  // Two rows at least: the first one may be the row at `after` itself.
  const pageSize = Math.max(Math.min(expected + 2, MAX_PAGE, Math.ceil((3 * expected) / sources.length)), 2);

  async function fill(stream: Stream): Promise<void> {
    const { partition, from, to } = stream.source;
    const last = after !== undefined && compareText(after.sk, to) < 0 ? after.sk : to;
    const isEmpty = compareText(from, last) > 0;
    const { items, next } = isEmpty
      ? { items: [], next: undefined }
      : await reader.query(partition, { first: from, last, limit: stream.pageSize, start: stream.start });
    reads += items.length;
    stream.pageSize = Math.min(2 * stream.pageSize, MAX_PAGE);
    stream.start = next;
    stream.hasEnded = next === undefined;
    stream.entries = items
      .map((item) => ({ item, bytes: Buffer.from(item.sk) }))
      .filter(({ item }) => after === undefined || isBehind(item, after));
  }

  const streams = sources.map(
    (source): Stream => ({ source, entries: [], pageSize, start: undefined, hasEnded: false }),
  );
  await mapConcurrently(streams, CONCURRENCY, fill);
  /** Streams with a next row, the one whose row comes first at the end. */
  const queue: Stream[] = [];
  const waiting: Stream[] = [];
  for (const stream of streams) enqueue(stream);

  function enqueue(stream: Stream): void {
    const [head] = stream.entries;
    if (head === undefined) {
      if (!stream.hasEnded) waiting.push(stream);
      return;
    }
    let [low, high] = [0, queue.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareEntries(queue[middle]?.entries[0] as Entry, head) > 0) high = middle;
      else low = middle + 1;
    }
    queue.splice(low, 0, stream);
  }

  let previous: Entry | undefined;

  return {
    async next() {
      for (;;) {
        while (waiting.length > 0) {
          // Every page gets somewhere.
          if (reads >= maxReads && previous !== undefined) return undefined;
          const stream = waiting.pop() as Stream;
          await fill(stream);
          enqueue(stream);
        }
        const stream = queue.pop();
        const entry = stream?.entries.shift();
        if (stream === undefined || entry === undefined) return undefined;
        enqueue(stream);
        // A call may be in several partitions: by its two numbers, or by two ways of writing one.
        const isRepeated = previous !== undefined && compareEntries(entry, previous) === 0;
        previous = entry;
        if (!isRepeated) return entry.item;
      }
    },
    hasEnded: () => waiting.length === 0 && queue.length === 0,
  };
}

const compareEntries = (a: Entry, b: Entry): number =>
  Buffer.compare(a.bytes, b.bytes) || compareText(a.item.pbx, b.item.pbx);

/** As DynamoDB compares strings: by their UTF-8 bytes. */
const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const isBehind = (item: IndexItem, position: Position): boolean =>
  (compareText(item.sk, position.sk) || compareText(item.pbx, position.pbx)) < 0;
