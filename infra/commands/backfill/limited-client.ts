import { TokenBucket } from 'limiter';
import type { Incoming, PbxClient } from '../../../functions/shared/pbx/types.ts';

/** What is taken off the line at once. */
const PIECE_BYTES = 16 * 1024;

/** A client whose downloads, all together, take no more than `bytesPerSecond` of the PBX's line. */
export function limitClient(client: PbxClient, bytesPerSecond: number): PbxClient {
  const bucket = new TokenBucket({
    bucketSize: Math.max(bytesPerSecond, PIECE_BYTES),
    tokensPerInterval: bytesPerSecond,
    interval: 'second',
  });

  /** What is not asked for is not sent: TCP's own flow control slows the PBX down. */
  const limit = (body: Incoming): Incoming => ({
    get receivedBytes() {
      return body.receivedBytes;
    },
    async fill(target, onBytes) {
      let filled = 0;
      for (;;) {
        const piece = target.subarray(filled, filled + PIECE_BYTES);
        await bucket.removeTokens(piece.length);
        const { bytes, isEnd } = await body.fill(piece, onBytes);
        filled += bytes;
        if (isEnd || filled === target.length) return { bytes: filled, isEnd };
      }
    },
    destroy: (reason) => body.destroy(reason),
  });

  return {
    ...client,
    async openRecording(...request) {
      const source = await client.openRecording(...request);
      return { ...source, body: limit(source.body) };
    },
  };
}
