import { Readable } from 'node:stream';
import { TokenBucket } from 'limiter';
import type { PbxClient } from '../../../functions/shared/pbx/types.ts';

/** The most that undici hands on at once. */
const LARGEST_CHUNK_BYTES = 64 * 1024;

/** A client whose downloads, all together, take no more than `bytesPerSecond` of the PBX's line. */
export function limitClient(client: PbxClient, bytesPerSecond: number): PbxClient {
  const bucket = new TokenBucket({
    bucketSize: Math.max(bytesPerSecond, LARGEST_CHUNK_BYTES),
    tokensPerInterval: bytesPerSecond,
    interval: 'second',
  });

  /** What is not read is not sent: TCP's own flow control slows the PBX down. */
  async function* slowly(body: Readable): AsyncGenerator<Buffer, void> {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (let start = 0; start < chunk.length; start += LARGEST_CHUNK_BYTES) {
        const slice = chunk.subarray(start, start + LARGEST_CHUNK_BYTES);
        await bucket.removeTokens(slice.length);
        yield slice;
      }
    }
  }

  return {
    ...client,
    async openRecording(...request) {
      const source = await client.openRecording(...request);
      const body = Readable.from(slowly(source.body), { objectMode: false });
      // A generator that waits for the PBX cannot be ended from outside; the connection can.
      body.once('close', () => source.body.destroy());
      return { ...source, body };
    },
  };
}
