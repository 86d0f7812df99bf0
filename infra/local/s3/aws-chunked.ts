import { S3Error } from './errors.ts';

const MAXIMUM_LINE_BYTES = 8192;

/**
 * Decodes the `aws-chunked` content encoding: for each chunk `<hex size> CRLF <bytes> CRLF`, then an empty
 * chunk, the trailers and an empty line. Yields the bytes of the chunks, and fills `trailers` at the end.
 * Never holds more than a line and one piece of `source`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Record<string, string>,
): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  let pending: Buffer = Buffer.alloc(0);

  async function receiveMore(): Promise<boolean> {
    const { done, value } = await pieces.next();
    if (!done) pending = pending.length === 0 ? value : Buffer.concat([pending, value]);
    return !done;
  }

  async function readLine(): Promise<string> {
    let end = pending.indexOf('\r\n');
    while (end === -1) {
      if (pending.length > MAXIMUM_LINE_BYTES || !(await receiveMore())) throw incomplete();
      end = pending.indexOf('\r\n');
    }
    const line = pending.toString('latin1', 0, end);
    pending = pending.subarray(end + 2);
    return line;
  }

  for (;;) {
    const size = await readLine();
    if (!/^[0-9a-f]{1,12}$/i.test(size)) throw malformed();
    let missing = Number.parseInt(size, 16);
    if (missing === 0) break;
    while (missing > 0) {
      if (pending.length === 0 && !(await receiveMore())) throw incomplete();
      const bytes = pending.subarray(0, missing);
      pending = pending.subarray(bytes.length);
      missing -= bytes.length;
      yield bytes;
    }
    if ((await readLine()) !== '') throw malformed();
  }
  for (let line = await readLine(); line !== ''; line = await readLine()) {
    const [, name, value] = /^([^:]+):(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw malformed();
    trailers[name.trim().toLowerCase()] = value.trim();
  }
  if (pending.length > 0 || (await receiveMore())) throw malformed();
}

const incomplete = () => new S3Error('IncompleteBody', 'The request body terminated unexpectedly.');
const malformed = () => new S3Error('InvalidRequest', 'The body is not well-formed aws-chunked content.');
