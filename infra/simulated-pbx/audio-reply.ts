import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { LateMisbehaviour } from './misbehaviours.ts';
import type { Selection } from './ranges.ts';
import { failure } from './replies.ts';

/** What goes wrong with the body of a download. */
export type BodyMisbehaviour = Exclude<
  LateMisbehaviour,
  { kind: 'not-ready' } | { kind: 'deleted' } | { kind: 'random-refused' }
>;

const CHUNK_BYTES = 64 * 1024;

export interface AudioReply extends Selection {
  response: ServerResponse;
  contentType: string;
  /** Whether to send a `Content-Length`; without one the end of the connection ends the body. */
  contentLength: boolean;
  misbehaviour: BodyMisbehaviour | undefined;
  reset: (socket: Socket) => void;
}

export async function replyWithAudio(reply: AudioReply): Promise<void> {
  const { bytes, misbehaviour } = reply;
  if (!misbehaviour) return sendWhole(reply, bytes);
  switch (misbehaviour.kind) {
    case 'cut':
      return cut(reply, misbehaviour);
    case 'stall':
      await sendFirst(reply, misbehaviour.afterBytes ?? 1000, reply.contentLength);
      // Its end may be an error: that of the client that lost patience.
      return finished(reply.response).catch(() => {});
    case 'drip':
      return sendWhole(reply, bytes, { chunkBytes: misbehaviour.chunkBytes ?? 64, drip: true });
    case 'wrong-length':
      return sendWhole(reply, bytes, { declaredBytes: bytes.length + misbehaviour.delta });
    default:
      return sendWhole({ ...reply, status: 200, headers: {} }, Buffer.from(substituteFor(misbehaviour)), {
        contentType: misbehaviour.contentType ?? reply.contentType,
      });
  }
}

type Substitution = Extract<BodyMisbehaviour, { contentType?: string }>;

function substituteFor(misbehaviour: Substitution): string {
  if (misbehaviour.kind === 'json-instead-of-audio') return JSON.stringify(failure(misbehaviour.errno));
  if (misbehaviour.kind === 'html-instead-of-audio') return '<html><body>Please log in</body></html>';
  return misbehaviour.kind === 'text-instead-of-audio' ? (misbehaviour.text ?? 'file not found') : '';
}

interface SendOptions {
  contentType?: string;
  declaredBytes?: number;
  chunkBytes?: number;
  /** A turn of the event loop between chunks: slow for the client, quick for the tests. */
  drip?: boolean;
}

async function sendWhole(reply: AudioReply, body: Buffer, options: SendOptions = {}): Promise<void> {
  const { contentType = reply.contentType, declaredBytes, chunkBytes = CHUNK_BYTES, drip = false } = options;
  reply.response.writeHead(reply.status, {
    ...reply.headers,
    'Content-Type': contentType,
    ...((reply.contentLength || declaredBytes !== undefined) && {
      'Content-Length': declaredBytes ?? body.length,
    }),
  });
  async function* chunks() {
    for (let start = 0; start < body.length; start += chunkBytes) {
      if (drip) await setImmediate();
      yield body.subarray(start, start + chunkBytes);
    }
  }
  // The client may leave at any time; whether it did shows in the event of the download's end.
  await pipeline(Readable.from(chunks()), reply.response).catch(() => {});
}

async function cut(reply: AudioReply, how: Extract<BodyMisbehaviour, { kind: 'cut' }>): Promise<void> {
  await sendFirst(reply, how.afterBytes, how.contentLength ?? reply.contentLength);
  const { socket } = reply.response;
  if (!socket) return;
  if (how.how === 'fin') socket.end();
  else reply.reset(socket);
}

/** Sends the head and the first bytes, and waits until the kernel has them: a reset discards the rest. */
async function sendFirst(reply: AudioReply, count: number, contentLength: boolean): Promise<void> {
  const { response, status, headers, bytes } = reply;
  response.writeHead(status, {
    ...headers,
    'Content-Type': reply.contentType,
    ...(contentLength && { 'Content-Length': bytes.length }),
  });
  response.flushHeaders();
  const { socket } = response;
  if (socket) await new Promise((resolve) => socket.write(bytes.subarray(0, count), resolve));
}
