import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { type Compression, compress } from './compression.ts';
import type { LateMisbehaviour } from './misbehaviours.ts';
import type { Selection } from './ranges.ts';
import { failure } from './responses.ts';

/** What goes wrong with the body of a download. */
export type BodyMisbehaviour = Exclude<
  LateMisbehaviour,
  { kind: 'not-ready' } | { kind: 'deleted' } | { kind: 'random-refused' }
>;

const CHUNK_BYTES = 64 * 1024;

export interface AudioResponse extends Selection {
  response: ServerResponse;
  contentType: string;
  /** Whether to send a `Content-Length`. Without one, the end of the connection ends the body. */
  contentLength: boolean;
  compression: Compression;
  misbehaviour: BodyMisbehaviour | undefined;
  reset: (socket: Socket) => void;
}

export async function sendAudio(file: AudioResponse): Promise<void> {
  const { misbehaviour, compression } = file;
  const { bytes, headers } = compress(file.bytes, compression);
  const audio = { ...file, bytes, headers: { ...file.headers, ...headers } };
  if (!misbehaviour) return sendAll(audio, bytes);
  switch (misbehaviour.kind) {
    case 'cut':
      return cut(audio, misbehaviour);
    case 'stall':
      await sendFirst(audio, misbehaviour.afterBytes ?? 1000, audio.contentLength);
      // It may end with an error, when the client loses patience.
      return finished(audio.response).catch(() => {});
    case 'drip':
      return sendAll(audio, bytes, { chunkBytes: misbehaviour.chunkBytes ?? 64, drip: true });
    case 'wrong-length':
      return sendAll(audio, bytes, { declaredBytes: bytes.length + misbehaviour.delta });
    default: {
      const substitute = compress(Buffer.from(substituteFor(misbehaviour)), compression);
      return sendAll({ ...audio, status: 200, headers: substitute.headers }, substitute.bytes, {
        contentType: misbehaviour.contentType ?? audio.contentType,
      });
    }
  }
}

type Substitution = Extract<BodyMisbehaviour, { contentType?: string }>;

function substituteFor(misbehaviour: Substitution): string {
  if (misbehaviour.kind === 'json-instead-of-audio')
    return JSON.stringify(failure(misbehaviour.errno)) + (misbehaviour.padding ?? '');
  if (misbehaviour.kind === 'html-instead-of-audio') return '<html><body>Please log in</body></html>';
  return misbehaviour.kind === 'text-instead-of-audio' ? (misbehaviour.text ?? 'file not found') : '';
}

interface SendOptions {
  contentType?: string;
  declaredBytes?: number;
  chunkBytes?: number;
  /** Waits one turn of the event loop between chunks: slow for the client, quick for the tests. */
  drip?: boolean;
}

async function sendAll(audio: AudioResponse, body: Buffer, options: SendOptions = {}): Promise<void> {
  const { contentType = audio.contentType, declaredBytes, chunkBytes = CHUNK_BYTES, drip = false } = options;
  audio.response.writeHead(audio.status, {
    ...audio.headers,
    'Content-Type': contentType,
    ...((audio.contentLength || declaredBytes !== undefined) && {
      'Content-Length': declaredBytes ?? body.length,
    }),
  });
  async function* chunks() {
    for (let start = 0; start < body.length; start += chunkBytes) {
      if (drip) await setImmediate();
      yield body.subarray(start, start + chunkBytes);
    }
  }
  // The client may hang up at any time. The event `download-finished` says whether it did.
  await pipeline(Readable.from(chunks()), audio.response).catch(() => {});
}

async function cut(audio: AudioResponse, how: Extract<BodyMisbehaviour, { kind: 'cut' }>): Promise<void> {
  await sendFirst(audio, how.afterBytes, how.contentLength ?? audio.contentLength);
  const { socket } = audio.response;
  if (!socket) return;
  if (how.how === 'fin') socket.end();
  else audio.reset(socket);
}

/** Sends the head and the first bytes, and waits until the kernel has them: a reset would discard them. */
async function sendFirst(audio: AudioResponse, count: number, contentLength: boolean): Promise<void> {
  const { response, status, headers, bytes } = audio;
  response.writeHead(status, {
    ...headers,
    'Content-Type': audio.contentType,
    ...(contentLength && { 'Content-Length': bytes.length }),
  });
  response.flushHeaders();
  const { socket } = response;
  if (socket) await new Promise((resolve) => socket.write(bytes.subarray(0, count), resolve));
}
