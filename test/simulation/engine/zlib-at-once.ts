import { Transform } from 'node:stream';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** Node's own streams work in threads, for which the virtual time does not wait. */
const atOnce = (decompress: (bytes: Buffer) => Buffer) => () => {
  const chunks: Buffer[] = [];
  return new Transform({
    transform(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
    flush(done) {
      try {
        done(null, decompress(Buffer.concat(chunks)));
      } catch (error) {
        done(error as Error);
      }
    },
  });
};

export const createGunzip = atOnce(gunzipSync);
export const createInflate = atOnce(inflateSync);
export const createInflateRaw = atOnce(inflateRawSync);
export const createBrotliDecompress = atOnce(brotliDecompressSync);
