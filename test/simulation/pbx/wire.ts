import { Duplex } from 'node:stream';

/** How a connection transmits the bytes from the PBX. */
export interface WireConditions {
  /** Delay before the first byte. */
  delayMs?: number;
  bytesPerSecond?: number;
  /** After `afterBytes` the connection stalls or is reset. */
  trouble?: { afterBytes: number; how: 'reset' | 'stall'; onStrike: () => void };
  /** Called for each chunk; it may destroy the connection. */
  onChunk?: () => void;
}

const PIECES_PER_SECOND = 2;

/** One end of a connection, with as much of a socket as undici and Node's HTTP server need. */
export class WireEnd extends Duplex {
  readonly remoteAddress: string;
  peer: WireEnd | undefined;
  conditions: WireConditions = {};
  #sentBytes = 0;
  #isStalled = false;
  #resume: (() => void) | undefined;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const { peer, conditions } = this;
    // A stalled connection still accepts writes. The HTTP server ends a response with an empty one.
    if (chunk.length === 0 || peer === undefined || peer.destroyed || this.#isStalled) {
      done();
      return;
    }
    const delayMs = this.#sentBytes === 0 ? (conditions.delayMs ?? 0) : 0;
    if (delayMs > 0) setTimeout(() => this.#transmit(chunk, done), delayMs);
    else this.#transmit(chunk, done);
  }

  #transmit(chunk: Buffer, done: () => void): void {
    const { bytesPerSecond } = this.conditions;
    const size = bytesPerSecond === undefined ? chunk.length : Math.ceil(bytesPerSecond / PIECES_PER_SECOND);
    const piece = chunk.subarray(0, size);
    const rest = chunk.subarray(size);
    const next = () => (rest.length === 0 ? done() : this.#transmit(rest, done));
    this.#deliver(piece, () => {
      if (bytesPerSecond === undefined) next();
      else setTimeout(next, 1000 / PIECES_PER_SECOND);
    });
  }

  #deliver(piece: Buffer, done: () => void): void {
    const { peer } = this;
    const { trouble, onChunk } = this.conditions;
    if (peer === undefined || peer.destroyed || this.#isStalled) {
      done();
      return;
    }
    const room = trouble === undefined ? piece.length : trouble.afterBytes - this.#sentBytes;
    const passing = piece.subarray(0, Math.max(0, room));
    this.#sentBytes += passing.length;
    const isRoomLeft = passing.length === 0 || peer.push(passing);
    onChunk?.();
    if (trouble !== undefined && passing.length < piece.length) {
      trouble.onStrike();
      this.#isStalled = true;
      if (trouble.how === 'reset') this.reset();
      done();
      return;
    }
    if (isRoomLeft) done();
    else peer.#resume = done;
  }

  override _final(done: (error?: Error) => void): void {
    if (!this.#isStalled && this.peer?.destroyed === false) this.peer.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { peer } = this;
    // The other side notices the end of the connection a moment later.
    if (peer !== undefined && !peer.destroyed && !this.#isStalled) setImmediate(() => peer.#onPeerGone());
    this.#resume?.();
    done(error);
  }

  #onPeerGone(): void {
    if (this.destroyed) return;
    if (!this.readableEnded) this.push(null);
    this.#resume?.();
    // Without a reader, pending writes are discarded.
    if (this.writableLength > 0) this.destroy();
  }

  /** Resets the connection: the other side gets an error, and bytes in transit are lost. */
  reset(): void {
    const { peer } = this;
    peer?.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    this.destroy();
  }

  // Methods of net.Socket that have no effect here.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

export function createWire(
  clientAddress: string,
  conditions: WireConditions,
): { client: WireEnd; server: WireEnd } {
  const client = new WireEnd('192.0.2.1');
  const server = new WireEnd(clientAddress);
  client.peer = server;
  server.peer = client;
  server.conditions = conditions;
  return { client, server };
}
