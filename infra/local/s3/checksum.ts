import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { S3Error } from './errors.ts';

/** The SDKs and version 1 of the AWS CLI send CRC32 by default, version 2 of the AWS CLI sends CRC64NVME. */
export const Algorithm = v.picklist(['CRC32', 'CRC64NVME']);
export type Algorithm = v.InferOutput<typeof Algorithm>;

export const ChecksumType = v.picklist(['FULL_OBJECT', 'COMPOSITE']);

export interface Checksum {
  readonly algorithm: Algorithm;
  /** Base64 of the big-endian bytes. A composite checksum ends with `-` and the number of parts. */
  readonly value: string;
}

export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  base64(): string;
}

export function startChecksum(algorithm: Algorithm): RunningChecksum {
  return algorithm === 'CRC32' ? startCrc32() : startCrc64Nvme();
}

function startCrc32(): RunningChecksum {
  let value = 0;
  return {
    update(bytes) {
      value = crc32(bytes, value);
    },
    base64: () => bigEndianBase64(value),
  };
}

/** The polynomial of the NVMe specification, with its bits reversed. */
const CRC64_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const CRC64_TABLE = Array.from({ length: 256 }, (_, byte) => {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ CRC64_POLYNOMIAL : value >> 1n;
  return value;
});
// In halves: arithmetic on a BigInt for each byte would be too slow.
const CRC64_HIGH = Int32Array.from(CRC64_TABLE, (value) => Number(BigInt.asIntN(32, value >> 32n)));
const CRC64_LOW = Int32Array.from(CRC64_TABLE, (value) => Number(BigInt.asIntN(32, value)));

function startCrc64Nvme(): RunningChecksum {
  const value = { high: -1, low: -1 };
  return {
    update(bytes) {
      let { high, low } = value;
      for (let offset = 0; offset < bytes.length; offset++) {
        const index = (low ^ (bytes[offset] as number)) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] as number);
        high = (high >>> 8) ^ (CRC64_HIGH[index] as number);
      }
      Object.assign(value, { high, low });
    },
    base64: () => bigEndianBase64(~value.high, ~value.low),
  };
}

function bigEndianBase64(...words: number[]): string {
  const bytes = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, 4 * index);
  return bytes.toString('base64');
}

/** The CRC32 of the parts' CRC32s. */
export function compositeCrc32(parts: readonly string[]): string {
  const checksum = startCrc32();
  for (const part of parts) checksum.update(Buffer.from(part, 'base64'));
  return `${checksum.base64()}-${parts.length}`;
}

export const checksumHeader = (algorithm: string) => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** Throws `NotImplemented` for an algorithm that could not be verified. */
export function parseAlgorithm(name: string): Algorithm {
  const algorithm = v.safeParse(Algorithm, name.toUpperCase());
  if (algorithm.success) return algorithm.output;
  throw new S3Error('NotImplemented', `This server implements CRC32 and CRC64NVME, but not ${name}.`);
}

/** Returns the checksum among these headers or trailers, if there is one. */
export function findChecksum(headers: Readonly<Record<string, string | undefined>>): Checksum | undefined {
  const found = Object.entries(headers).flatMap(([header, value = '']) => {
    const [, name] = /^x-amz-checksum-(?!(?:algorithm|mode|type)$)(.+)$/.exec(header) ?? [];
    return name === undefined ? [] : [{ algorithm: parseAlgorithm(name), value }];
  });
  if (found.length > 1) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header.');
  return found[0];
}

export function requireChecksum({ algorithm, value }: Checksum, computed: string): void {
  if (value === computed) return;
  const code = value.length === computed.length ? 'BadDigest' : 'InvalidRequest';
  throw new S3Error(code, `The ${algorithm} you specified does not match what we received.`);
}
