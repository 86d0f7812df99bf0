import { Readable } from 'node:stream';
import type { Incoming } from './types.ts';

const PIECE_BYTES = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** What the bytes come from. */
export interface Source {
  /** Lets further bytes come. */
  resume(): void;
  /** Ends it before its end. */
  close(): void;
}

/** The side on which the bytes come in. */
export interface Feed {
  /** Takes lent bytes, and keeps those that nobody wants yet. */
  take(bytes: Buffer): void;
  /** Whether somebody waits for more. */
  isWanted(): boolean;
  end(): void;
  fail(error: unknown): void;
}

interface Wanted extends PromiseWithResolvers<{ bytes: number; isEnd: boolean }> {
  target: Buffer;
  filled: number;
  onBytes: ((bytes: number) => void) | undefined;
}

/** Bytes that are copied once, from the memory that they came in to the place where they are wanted. */
export function createIncoming(source: Source): { incoming: Incoming; feed: Feed } {
  let wanted: Wanted | undefined;
  /** What came when nothing was wanted. */
  let held: Buffer = NOTHING;
  let end: { error?: unknown } | undefined;
  let receivedBytes = 0;

  /** Returns what there is no room for. */
  function copyWanted(bytes: Buffer): Buffer {
    if (wanted === undefined) return bytes;
    const copied = bytes.copy(wanted.target, wanted.filled);
    wanted.filled += copied;
    wanted.onBytes?.(copied);
    return copied === bytes.length ? NOTHING : bytes.subarray(copied);
  }

  function settle(): void {
    if (wanted === undefined || (held.length === 0 && end === undefined)) return;
    const { filled, resolve, reject } = wanted;
    wanted = undefined;
    if (held.length > 0) resolve({ bytes: filled, isEnd: false });
    else if (end !== undefined && 'error' in end) reject(end.error);
    else resolve({ bytes: filled, isEnd: true });
  }

  function finish(how: { error?: unknown }): void {
    end ??= how;
    settle();
  }

  const incoming: Incoming = {
    get receivedBytes() {
      return receivedBytes;
    },
    fill(target, onBytes) {
      if (wanted !== undefined) throw new Error('One place is being filled already.');
      const filling = {
        ...Promise.withResolvers<{ bytes: number; isEnd: boolean }>(),
        target,
        filled: 0,
        onBytes,
      };
      wanted = filling;
      if (held.length > 0) held = copyWanted(held);
      settle();
      if (wanted !== undefined) source.resume();
      return filling.promise;
    },
    destroy(reason) {
      // What was there and has not been read is not there any more: that is no end.
      if (held.length > 0) end = undefined;
      held = NOTHING;
      finish({ error: reason ?? new Error('The connection has been closed.') });
      source.close();
    },
  };

  const feed: Feed = {
    take(bytes) {
      if (end !== undefined) return;
      receivedBytes += bytes.length;
      if (held.length > 0) held = Buffer.concat([held, bytes]);
      else {
        const rest = copyWanted(bytes);
        if (rest.length > 0) held = Buffer.from(rest);
      }
      settle();
    },
    isWanted: () => wanted !== undefined,
    end: () => finish({}),
    fail: (error) => finish({ error }),
  };
  return { incoming, feed };
}

/** All of it, as a stream; destroying that closes the connection. */
export const toReadable = (incoming: Incoming): Readable =>
  new Readable({
    read() {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      incoming.fill(piece).then(
        ({ bytes, isEnd }) => {
          if (bytes > 0) this.push(piece.subarray(0, bytes));
          if (isEnd) this.push(null);
        },
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      incoming.destroy(error ?? undefined);
      done(error);
    },
  });
