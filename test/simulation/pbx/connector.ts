import { EventEmitter } from 'node:events';
import type { OnReadOpts } from 'node:net';
import { currentInvocation } from '../engine/current-invocation.ts';
import type { WireEnd } from './wire.ts';

/** Takes the place of `node:tls` in functions/shared/pbx/connect.ts; all the rest of the PBX's client is the real one. */
export function connect(options: { host: string; onread: OnReadOpts }): VirtualSocket {
  const owner = currentInvocation.getStore();
  if (owner === undefined) throw new Error('A connection to a PBX outside any function.');
  const { container, world } = owner;
  // A container has one invocation at a time.
  const { invocation = owner } = container;
  const socket = new VirtualSocket(options.onread);
  world
    .lineTo(options.host)
    .connect(invocation)
    .then(
      (end) => socket.open(end),
      (error: Error) => socket.destroy(error),
    );
  return socket;
}

/** As much of a TLS socket as the client uses. */
class VirtualSocket extends EventEmitter {
  readonly #onread: OnReadOpts;
  #end: (WireEnd & { certificate: string }) | undefined;
  #isDestroyed = false;

  constructor(onread: OnReadOpts) {
    super();
    this.#onread = onread;
  }

  open(end: WireEnd & { certificate: string }): void {
    if (this.#isDestroyed) {
      end.destroy();
      return;
    }
    this.#end = end;
    end.on('data', (chunk: Buffer) => this.#read(chunk));
    end.on('end', () => this.emit('end'));
    end.on('error', (error) => this.destroy(error));
    this.emit('secureConnect');
  }

  /** As TLS does, it hands on all that it has decrypted, even if it is told to stop, and uses the buffer again. */
  #read(chunk: Buffer): void {
    const buffer = this.#onread.buffer as Uint8Array;
    for (let start = 0; start < chunk.length && !this.#isDestroyed; start += buffer.length) {
      const count = chunk.copy(buffer, 0, start, start + buffer.length);
      const isWanted = this.#onread.callback(count, buffer);
      buffer.fill(0, 0, count);
      if (!isWanted) this.#end?.pause();
    }
  }

  getPeerX509Certificate(): { fingerprint256: string | undefined } {
    return { fingerprint256: this.#end?.certificate };
  }

  write(text: string): void {
    this.#end?.write(text);
  }

  resume(): void {
    this.#end?.resume();
  }

  destroy(error?: Error): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#end?.destroy();
    if (error !== undefined) this.emit('error', error);
  }
}
