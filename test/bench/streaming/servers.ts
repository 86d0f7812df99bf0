// Serves recordings of any length, as a PBX does, and an S3 that keeps nothing of what it gets but sizes and checksums:
// a process of its own, so that nothing else uses the core of the program that is measured.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generateCertificate } from '../../../infra/simulated-pbx/certificate.ts';

/** The first byte is none of a text's. */
const CHUNK = Buffer.concat([Buffer.of(0xff), randomBytes(1024 ** 2 - 1)]);

interface StoredObject {
  bytes: number;
  crc32: string;
}

const objects = new Map<string, StoredObject>();
/** What has come of multipart uploads, by the objects' paths. */
const partBytes = new Map<string, number>();
const identity = await generateCertificate(['127.0.0.1']);
const server = createServer(identity, (request, response) => {
  serve(request, response).catch(() => response.destroy());
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
process.send?.({ url: `https://127.0.0.1:${port}`, certificate: identity.cert });
process.once('disconnect', () => process.exit());

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'https://127.0.0.1');
  const operation = /^\/api\/v1\.1\.0\/(.*)$/.exec(url.pathname)?.[1];
  if (operation === 'recording/download') return sendRecording(url, response);
  const bytes = await drain(request);
  if (operation !== undefined) {
    response.end(JSON.stringify({ status: 'Success', token: randomUUID(), random: randomUUID() }));
    return;
  }
  answerAsS3(request, url, bytes, response);
}

/** `20260101000000-BYTES.N-known-length-Internal.wav`, or `-unknown-length-`. */
async function sendRecording({ searchParams }: URL, response: ServerResponse): Promise<void> {
  const name = searchParams.get('recording') ?? '';
  const bytes = Number(/^\d{14}-(\d+)\./.exec(name)?.[1]);
  response.writeHead(200, name.includes('-known-') ? { 'content-length': bytes } : {});
  for (let rest = bytes; rest > 0; rest -= CHUNK.length) {
    const chunk = rest < CHUNK.length ? CHUNK.subarray(0, rest) : CHUNK;
    if (!response.write(chunk)) await once(response, 'drain');
  }
  response.end();
}

function answerAsS3(request: IncomingMessage, url: URL, bytes: number, response: ServerResponse): void {
  const { method, headers } = request;
  if (method === 'HEAD') {
    const object = objects.get(url.pathname);
    if (object === undefined) return void response.writeHead(404).end();
    const about = { 'x-amz-checksum-crc32': object.crc32, 'x-amz-checksum-type': 'FULL_OBJECT' };
    const lastModified = new Date().toUTCString();
    response
      .writeHead(200, { 'content-length': object.bytes, 'last-modified': lastModified, ...about })
      .end();
    return;
  }
  if (url.searchParams.has('uploads')) {
    partBytes.set(url.pathname, 0);
    return void response.end('<A><UploadId>upload</UploadId></A>');
  }
  const crc32 = String(headers['x-amz-checksum-crc32'] ?? '');
  const isCompletion = method === 'POST';
  const total = (partBytes.get(url.pathname) ?? 0) + bytes;
  if (url.searchParams.has('partNumber')) partBytes.set(url.pathname, total);
  else {
    objects.set(url.pathname, { bytes: isCompletion ? total - bytes : bytes, crc32 });
    process.send?.({ stored: url.pathname, atMs: performance.timeOrigin + performance.now() });
  }
  response
    .writeHead(200, { etag: '"0"' })
    .end(isCompletion ? '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>' : '');
}

async function drain(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(request, 'end');
  return bytes;
}
