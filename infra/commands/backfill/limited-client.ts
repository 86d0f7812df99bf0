import { Readable } from 'node:stream';
import { TokenBucket } from 'limiter';
import type { PbxClient } from '../../../functions/shared/pbx/pbx-client.ts';

/** Data is passed on in slices of at most this size, whatever the size of the chunks received. */
const SLICE_BYTES = 16 * 1024;

/** Returns a client whose downloads together use at most `bytesPerSecond` of the PBX's line. */
export function limitClient(client: PbxClient, bytesPerSecond: number): PbxClient {
  const bucket = new TokenBucket({
    bucketSize: Math.max(bytesPerSecond, SLICE_BYTES),
    tokensPerInterval: bytesPerSecond,
    interval: 'second',
  });

  /** Reading slowly is enough: TCP's flow control then keeps the PBX from sending faster. */
  async function* readSlowly(body: Readable): AsyncGenerator<Buffer, void> {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
        const slice = chunk.subarray(start, start + SLICE_BYTES);
        await bucket.removeTokens(slice.length);
        yield slice;
      }
    }
  }

  return {
    ...client,
    async openRecording(...request) {
      const source = await client.openRecording(...request);
      const body = Readable.from(readSlowly(source.body), { objectMode: false });
      // A generator that is waiting for the PBX cannot be ended from outside, but the connection can be closed.
      body.once('close', () => source.body.destroy());
      return { ...source, body };
    },
  };
}
