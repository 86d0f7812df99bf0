import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { S3Error } from './errors.ts';

const LENGTH = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 } as const;

export const Algorithm = v.picklist(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']);
export type Algorithm = v.InferOutput<typeof Algorithm>;

export const ChecksumType = v.picklist(['FULL_OBJECT', 'COMPOSITE']);
export type ChecksumType = v.InferOutput<typeof ChecksumType>;

/** A checksum as S3 writes it: base64, and for a composite one `-` and the number of parts. */
export const Checksum = v.object({ algorithm: Algorithm, value: v.string() });
export type Checksum = v.InferOutput<typeof Checksum>;

export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  base64(): string;
}

/** `undefined` for CRC32C and CRC64NVME: Node has neither, so their values are kept as given, unchecked. */
export function startChecksum(algorithm: Algorithm): RunningChecksum | undefined {
  if (algorithm === 'CRC32') return startCrc32();
  if (algorithm === 'CRC32C' || algorithm === 'CRC64NVME') return undefined;
  const hash = createHash(algorithm);
  return { update: (bytes) => hash.update(bytes), base64: () => hash.digest('base64') };
}

function startCrc32(): RunningChecksum {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    base64: () => {
      const bytes = Buffer.alloc(LENGTH.CRC32);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64');
    },
  };
}

/** The checksum of the parts' checksums, or `undefined` where Node cannot compute it. */
export function compositeChecksum(algorithm: Algorithm, parts: readonly string[]): string | undefined {
  const checksum = startChecksum(algorithm);
  for (const part of parts) checksum?.update(Buffer.from(part, 'base64'));
  return checksum && `${checksum.base64()}-${parts.length}`;
}

export const checksumHeader = (algorithm: Algorithm) => `x-amz-checksum-${algorithm.toLowerCase()}`;
/** The name of the XML element that holds a checksum of this algorithm. */
export const checksumElement = (algorithm: Algorithm) => `Checksum${algorithm}` as const;

/** The checksum among these headers or trailers, if there is one. */
export function findChecksum(headers: Readonly<Record<string, string | undefined>>): Checksum | undefined {
  const found = Algorithm.options.flatMap((algorithm) => {
    const value = headers[checksumHeader(algorithm)];
    return value === undefined ? [] : [{ algorithm, value }];
  });
  if (found.length > 1) {
    throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header.');
  }
  return found[0];
}

export function requireWellFormed({ algorithm, value }: Checksum): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== LENGTH[algorithm] || bytes.toString('base64') !== value) {
    throw new S3Error('InvalidRequest', `Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
}
