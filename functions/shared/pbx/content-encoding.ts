import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { readContainer } from '../recordings/container.ts';
import { badResponse, connectionError } from './errors.ts';

/** Two magic bytes and the compression method, of which there is only one (RFC 1952). */
const GZIP_START = Buffer.from([0x1f, 0x8b, 8]);

/** A response's headers, by name in lower case. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

const gunzip = (start: Buffer) => (isGzip(start) ? createGunzip() : undefined);

/** Decoders by content coding. `undefined` if a body that starts like this is not encoded, whatever its header says. */
const DECODERS: ReadonlyMap<string, (start: Buffer) => Transform | undefined> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  // Means the zlib format, but some servers send bare deflate data.
  ['deflate', (start) => (isZlib(start) ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
]);

/** Nobody encodes a body more often on purpose, and each layer takes memory. */
const MAX_CODINGS = 3;

export interface DecodedBody {
  body: Readable;
  /** Whether the body differs from the bytes sent, to which Content-Length and ranges refer. */
  isDecoded: boolean;
}

/**
 * Undoes the content codings of a body, and gzip that no header announces: servers store compressed files, or compress
 * what they were not asked to. A body without coding is returned itself, so that nothing slows its bytes down. The
 * decoded body errors if the encoded one is cut or damaged. A body that is not encoded stays as it is, whatever its
 * header says.
 */
export async function decodeBody({
  headers,
  body,
}: {
  headers: ResponseHeaders;
  body: Readable;
}): Promise<DecodedBody> {
  const codings = readCodings(headers);
  if (codings.length > 0) {
    const { start, whole } = await peek(body, PLAIN_START_BYTES);
    if (isPlain(start)) return { body: whole, isDecoded: false };
    return undoCodings(whole, codings);
  }
  return undoCodings(body, codings);
}

async function undoCodings(body: Readable, codings: string[]): Promise<DecodedBody> {
  if (codings.length > MAX_CODINGS || !codings.every((coding) => DECODERS.has(coding))) {
    body.destroy();
    throw badResponse(
      'its Content-Encoding is not one of gzip, deflate and br. Turn compression off in the PBX or proxy',
    );
  }
  let decoded = body;
  let isDecoded = false;
  // The last coding in the header was applied last.
  for (const coding of [...codings.reverse(), 'gzip']) {
    const { start, whole } = await peek(decoded, GZIP_START.length);
    const decoder = DECODERS.get(coding)?.(start);
    decoded = decoder === undefined ? whole : pipeline(whole, decoder, () => {});
    isDecoded ||= decoder !== undefined;
  }
  return { body: decoded, isDecoded };
}

/** Enough to recognize audio. */
const PLAIN_START_BYTES = 40;

/**
 * Whether a body is JSON or audio as it is: servers announce an encoding that they have not applied, or send a character
 * set or the type of the content in its place. Encoded bodies do not begin like this.
 */
const isPlain = (start: Buffer) =>
  /^\{\s*["}]/.test(start.toString('latin1')) || readContainer(start, '') !== undefined;

/** Names that some servers send although nothing is encoded. */
const NO_CODING = ['', 'identity', 'none', 'binary', 'utf-8'];

/** The content codings of a response, in the order in which they were applied. */
export function readCodings({ 'content-encoding': value = [] }: ResponseHeaders): string[] {
  return [value]
    .flat()
    .flatMap((list) => list.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => !NO_CODING.includes(coding));
}

/** The first bytes of a body, at least `count` if it has them, and the body with these bytes in place. */
export async function peek(body: Readable, count: number): Promise<{ start: Buffer; whole: Readable }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= count) break;
    }
  } catch (error) {
    throw connectionError(error);
  }
  const start = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  // A stream that has ended takes nothing back.
  if (body.readableEnded)
    return { start, whole: Readable.from(bytes === 0 ? [] : [start], { objectMode: false }) };
  body.unshift(start);
  return { start, whole: body };
}

/** Also for a body that is cut within its first bytes. */
const isGzip = (start: Buffer) =>
  start.length > 0 && GZIP_START.subarray(0, start.length).equals(start.subarray(0, GZIP_START.length));

/** The first two bytes: the method, and a check of both (RFC 1950). */
const isZlib = ([method = 0, flags = 0]: Uint8Array) =>
  (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0;
