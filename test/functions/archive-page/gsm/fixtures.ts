import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const pathOf = (name: string) => join(import.meta.dirname, 'fixtures', name);

/** The bytes of a file in fixtures/. */
export const fixture = (name: string) => new Uint8Array(readFileSync(pathOf(name)));

/** Each fixture with the SHA-256 of the samples that SoX decodes it to. */
export const DECODED_BY_SOX = readFileSync(pathOf('decoded-by-sox.sha256'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split('  '))
  .map(([sha256 = '', name = '']) => ({ name, sha256 }));

/** Samples as SoX writes them. */
export function toBytes(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(2 * samples.length);
  for (const [index, sample] of samples.entries()) bytes.writeInt16LE(sample, 2 * index);
  return bytes;
}

export const sha256Of = (samples: Int16Array) => createHash('sha256').update(toBytes(samples)).digest('hex');
