import { S3Error } from './errors.ts';

const MAXIMUM_LINE_BYTES = 8192;
const CRLF = '\r\n';

/** Reads lines and counted runs of bytes from a stream, never holding more than one piece of it. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next line, without its CRLF. */
  async readLine(): Promise<string> {
    for (;;) {
      const end = this.#pending.indexOf(CRLF);
      if (end !== -1) {
        const line = this.#pending.toString('latin1', 0, end);
        this.#pending = this.#pending.subarray(end + CRLF.length);
        return line;
      }
      if (this.#pending.length > MAXIMUM_LINE_BYTES || !(await this.#fetch())) throw incomplete();
    }
  }

  async *readBytes(count: number): AsyncGenerator<Buffer> {
    let missing = count;
    while (missing > 0) {
      if (this.#pending.length === 0 && !(await this.#fetch())) throw incomplete();
      const bytes = this.#pending.subarray(0, missing);
      this.#pending = this.#pending.subarray(bytes.length);
      missing -= bytes.length;
      yield bytes;
    }
  }

  async requireEnd(): Promise<void> {
    if (this.#pending.length > 0 || (await this.#fetch())) throw incomplete();
  }

  async #fetch(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    this.#pending = this.#pending.length === 0 ? value : Buffer.concat([this.#pending, value]);
    return true;
  }
}

function incomplete(): S3Error {
  return new S3Error('IncompleteBody', 'The request body terminated unexpectedly');
}
