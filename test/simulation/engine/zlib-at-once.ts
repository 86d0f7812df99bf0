import { Transform } from 'node:stream';
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

type Decompress = (bytes: Buffer, options?: { finishFlush: number }) => Buffer;

/** Node's own streams work in threads, for which the virtual time does not wait. */
const atOnce = (decompress: Decompress, partly: number) => () => {
  const chunks: Buffer[] = [];
  let passedOn = 0;
  const newBytes = (options?: { finishFlush: number }) => {
    const bytes = decompress(Buffer.concat(chunks), options);
    const rest = bytes.subarray(passedOn);
    passedOn = bytes.length;
    return rest;
  };
  return new Transform({
    transform(chunk, _encoding, done) {
      chunks.push(chunk);
      try {
        this.push(newBytes({ finishFlush: partly }));
      } catch {
        // Too little for a decision; what is damaged is damaged at the end, too.
      }
      done();
    },
    flush(done) {
      try {
        done(null, newBytes());
      } catch (error) {
        done(error as Error);
      }
    },
  });
};

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = constants;
export const createGunzip = atOnce(gunzipSync, Z_SYNC_FLUSH);
export const createInflate = atOnce(inflateSync, Z_SYNC_FLUSH);
export const createInflateRaw = atOnce(inflateRawSync, Z_SYNC_FLUSH);
export const createBrotliDecompress = atOnce(brotliDecompressSync, BROTLI_OPERATION_FLUSH);
