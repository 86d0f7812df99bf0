import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { type S3Options, startS3 } from '../../../../infra/local/s3/server.ts';

export const BUCKET = 'recordings';
export const REGION = 'eu-central-1';
export const CREDENTIALS = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local/secret+key' };

/** Starts an S3 with an empty bucket in a new directory, until the test ends. */
export async function startEmbeddedS3(options: Pick<S3Options, 'allowedOrigins'> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-s3-'));
  // Whole seconds: signatures have no finer time.
  const clock = { nowMs: Math.floor(Date.now() / 1000) * 1000 };
  const start = () =>
    startS3({ ...options, directory, credentials: CREDENTIALS, region: REGION, now: () => clock.nowMs });
  let server = await start();
  let client = createClient(server.url);
  onTestFinished(async () => {
    client.destroy();
    await server.close();
    await rm(directory, { recursive: true });
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    directory,
    clock,
    get url() {
      return server.url;
    },
    get client() {
      return client;
    },
    async restart() {
      client.destroy();
      await server.close();
      server = await start();
      client = createClient(server.url);
    },
    /** Temporary files. There are none unless a request is in progress. */
    leftovers: () => readdir(join(directory, '.s3', BUCKET, 'temporary')),
  };
}

export function createClient(url: string, config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: url,
    region: REGION,
    forcePathStyle: true,
    credentials: CREDENTIALS,
    maxAttempts: 1,
    // The SDK warns on the console when it could not retry because the body is a stream.
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    ...config,
  });
}

const ignore = () => undefined;

export interface RequestParts {
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: Readable | string;
}

/** Makes a client change its requests, before it signs them or afterwards. */
export function changeRequests(
  client: S3Client,
  when: 'before signing' | 'after signing',
  change: (request: RequestParts) => Partial<RequestParts> | Promise<Partial<RequestParts>>,
): S3Client {
  client.middlewareStack.add(
    (next) => async (args) => {
      Object.assign(args.request as object, await change(args.request as RequestParts));
      return next(args);
    },
    { step: (when === 'before signing' ? 'build' : 'finalizeRequest') as 'build', priority: 'low' },
  );
  return client;
}

/** Sends a request as it is: without a signature, without normalising the path. */
export function sendRaw(
  url: string,
  { method = 'GET', path, headers = {}, body }: RawRequest,
): Promise<{
  status: number;
  code: string | undefined;
  headers: NodeJS.Dict<string | string[]>;
  body: Buffer;
}> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers, agent: false }, async (response) => {
      const received = await buffer(response);
      const code = /<Code>(.*?)<\/Code>/.exec(received.toString())?.[1];
      resolve({ status: response.statusCode ?? 0, code, headers: response.headers, body: received });
    });
    outgoing.on('error', reject).end(body);
  });
}

interface RawRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

/** Bytes that differ from place to place but are the same in every run. */
export function patternedBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let offset = 0; offset + 4 <= size; offset += 4)
    bytes.writeUInt32LE((offset * 2_654_435_761) >>> 0, offset);
  return bytes;
}
