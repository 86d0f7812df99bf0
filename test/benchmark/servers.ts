import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fingerprintOf, generateCertificate } from '../../infra/simulated-pbx/certificate.ts';
import { wav } from '../functions/shared/recordings/wav.ts';

const CHUNK = randomBytes(1024 ** 2);

const objects = new Map<string, { bytes: number; crc32: string }>();
/** Bytes received by multipart uploads. */
const partBytes = new Map<string, number>();
/** When each recording was stored, by its name; `performance.now()`. */
export const storedAt = new Map<string, number>();

export type Servers = Awaited<ReturnType<typeof startServers>>;

/**
 * Starts a PBX that serves recordings of any size, and an S3 that keeps only sizes and checksums, at one address. Both
 * send and receive as fast as they can.
 */
export async function startServers(directory: string, running: AsyncDisposableStack) {
  const identity = await generateCertificate(['127.0.0.1']);
  const server = createServer(identity, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.defer(() => {
    server.close().closeAllConnections();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const caFile = join(directory, 'servers.pem');
  await writeFile(caFile, identity.cert);
  return { url, caFile, certificate: identity.cert, fingerprint256: fingerprintOf(identity) };
}

let recordings = 0;

/** A WAV file without audio: the shortest recording. */
export const EMPTY_WAV_BYTES = 44;

/** Names a recording of a call that has just begun. The server reads its size from the name, as the caller's number. */
export function newRecording(bytes: number): string {
  recordings += 1;
  const now = new Date();
  const local = now.toISOString().replace(/\D/g, '').slice(0, 14);
  return `${local}-${Math.floor(now.getTime() / 1000)}.${recordings}-${bytes}-1002-Internal.wav`;
}

export const downloadUrl = ({ url }: Servers, recording: string) =>
  `${url}/api/v1.1.0/recording/download?recording=${recording}`;

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'https://127.0.0.1');
  const operation = /^\/api\/v[\d.]+\/(.*)$/.exec(url.pathname)?.[1];
  if (operation === 'recording/download') return sendRecording(url, response);
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) bytes += chunk.length;
  if (operation === undefined) return respondAsS3(request, url, bytes, response);
  response.end(JSON.stringify({ status: 'Success', token: randomUUID(), random: randomUUID() }));
}

async function sendRecording({ searchParams }: URL, response: ServerResponse): Promise<void> {
  const bytes = Number(/^\d{14}-[\d.]+-(\d+)-/.exec(searchParams.get('recording') ?? '')?.[1]);
  // Any other header would cost a second download.
  const header = wav({ audioBytes: 0, riffSize: bytes - 8, dataSize: bytes - EMPTY_WAV_BYTES });
  response.writeHead(200, { 'content-length': bytes });
  response.write(header);
  for (let rest = bytes - header.length; rest > 0; rest -= CHUNK.length) {
    if (!response.write(CHUNK.subarray(0, rest))) await once(response, 'drain');
  }
  response.end();
}

function respondAsS3(request: IncomingMessage, url: URL, bytes: number, response: ServerResponse): void {
  const { method, headers } = request;
  const name = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  response.setHeader('etag', '"0"');
  if (method === 'HEAD') {
    const object = objects.get(name);
    if (object === undefined) return void response.writeHead(404).end();
    response
      .setHeader('content-length', object.bytes)
      .setHeader('last-modified', new Date().toUTCString())
      .setHeader('x-amz-checksum-crc32', object.crc32)
      .setHeader('x-amz-checksum-type', 'FULL_OBJECT')
      .end();
  } else if (url.searchParams.has('uploads')) {
    partBytes.set(name, 0);
    response.end('<R><UploadId>upload</UploadId></R>');
  } else if (url.searchParams.has('partNumber')) {
    partBytes.set(name, (partBytes.get(name) ?? 0) + bytes);
    response.end();
  } else {
    const crc32 = String(headers['x-amz-checksum-crc32'] ?? '');
    const isCompletion = method === 'POST';
    objects.set(name, { bytes: isCompletion ? (partBytes.get(name) ?? 0) : bytes, crc32 });
    storedAt.set(name, performance.now());
    response.end(isCompletion ? '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>' : '');
  }
}
