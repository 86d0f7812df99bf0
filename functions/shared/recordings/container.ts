import { readAiff, readRiff, readW64 } from './container-chunks.ts';
import { type ContainerSizes, checkRate, checkSize32, combineSizes } from './container-sizes.ts';
import { isMp3, readMp3Rate } from './mp3.ts';

/** `riff` is any of RIFF, RIFX, RF64 and BW64. */
export const CONTAINER_FORMATS = ['riff', 'w64', 'aiff', 'au', 'ogg', 'flac', 'mp3', 'mp4', 'gsm'] as const;
export type ContainerFormat = (typeof CONTAINER_FORMATS)[number];

export interface Container extends ContainerSizes {
  format: ContainerFormat;
}

/** Recognizes an audio file by its start and reads what it says about its size; `undefined` for anything else. */
export function readContainer(head: Buffer, recording: string): Container | undefined {
  const start = head.toString('latin1', 0, 40);
  const found = CONTAINERS.find(({ isStart }) => isStart(start));
  if (found !== undefined) return { format: found.format, ...found.read(head) };
  if (isMp3(head)) return { format: 'mp3', ...NO_SIZES, ...readMp3Rate(head) };
  return isGsm(head, recording) ? { format: 'gsm', ...GSM_SIZES } : undefined;
}

/** By the bytes, whatever the name says: a PBX may deliver another format than it lists. */
export const contentTypeOf = (container: Container | undefined): string | undefined =>
  container && CONTENT_TYPES[container.format];

const CONTENT_TYPES: Readonly<Partial<Record<ContainerFormat, string>>> = {
  riff: 'audio/wav',
  mp3: 'audio/mpeg',
};

const NO_SIZES: ContainerSizes = { sizes: 'none' };
/** GSM 06.10: 33 bytes for each 20 ms, and no header. */
const GSM_SIZES: ContainerSizes = { sizes: 'none', audioStartsAt: 0, bytesPerSecond: 1650 };

const W64_RIFF = 'riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\0\0';
const W64_WAVE = 'wave\xF3\xAC\xD3\x11\x8C\xD1\0\xC0\x4F\x8E\xDB\x8A';

interface KnownContainer {
  format: ContainerFormat;
  isStart: (start: string) => boolean;
  read: (head: Buffer) => ContainerSizes;
}

/** RIFF, IFF (`FORM`) and MP4 (`ftyp`) also contain images, so their content's type counts too. */
const CONTAINERS: readonly KnownContainer[] = [
  {
    format: 'riff',
    isStart: (start) => /^(?:RIF[FX]|RF64|BW64)/.test(start) && hasType(start, 8, ['WAVE']),
    read: readRiff,
  },
  {
    format: 'w64',
    isStart: (start) => start.startsWith(W64_RIFF) && hasType(start, 24, [W64_WAVE]),
    read: readW64,
  },
  {
    format: 'aiff',
    isStart: (start) => start.startsWith('FORM') && hasType(start, 8, ['AIFF', 'AIFC']),
    read: readAiff,
  },
  { format: 'au', isStart: (start) => start.startsWith('.snd'), read: readAu },
  { format: 'flac', isStart: (start) => start.startsWith('fLaC'), read: readFlac },
  { format: 'ogg', isStart: (start) => /^OggS(?:\0|$)/.test(start), read: () => NO_SIZES },
  {
    format: 'mp4',
    isStart: (start) => /^\0\0..ftyp(?!avi[fs]|hei|hev|m[is]f1|jp)/s.test(start),
    read: () => NO_SIZES,
  },
];

/** Whether this is one of the types. A file that is cut off may end before its type does. */
const hasType = (start: string, offset: number, types: readonly string[]) =>
  types.some((type) => type.startsWith(start.slice(offset, offset + type.length)));

const AU_HEADER_BYTES = 24;
/** Bytes of a sample by encoding: µ-law, PCM of 8 to 32 bits, floating point of 32 and 64 bits, A-law. */
const AU_SAMPLE_BYTES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1 };

/** Sun AU states the size of its audio only. 0xFFFFFFFF is valid in a stream. */
function readAu(head: Buffer): ContainerSizes {
  const start = head.length < AU_HEADER_BYTES ? 0 : head.readUInt32BE(4);
  if (start < AU_HEADER_BYTES) return { sizes: 'unwritten' };
  const stated = checkSize32(head.readUInt32BE(8));
  // libsndfile leaves 0 until it closes the file. Only a file that ends here is empty.
  const size = stated === 0 && head.length > start ? undefined : stated;
  const total = size === undefined ? undefined : start + size;
  const sampleBytes = AU_SAMPLE_BYTES[head.readUInt32BE(12)] ?? 0;
  return {
    ...combineSizes(total, { start, size }),
    bytesPerSecond: checkRate(sampleBytes * head.readUInt32BE(16) * head.readUInt32BE(20)),
  };
}

/** FLAC states its number of samples, which is 0 until the encoder knows it, but no size in bytes. */
function readFlac(head: Buffer): ContainerSizes {
  const samples = head.length < 26 ? 0n : head.readBigUInt64BE(18) & 0xf_ffff_ffffn;
  return samples === 0n ? { sizes: 'unwritten' } : NO_SIZES;
}

/** Bytes of a frame of GSM 06.10, which is 20 ms. */
const GSM_FRAME_BYTES = 33;

/** Raw GSM has no header: the name says so, and each frame starts with 0xD. So does text in some languages, once. */
function isGsm(head: Buffer, recording: string): boolean {
  if (!/\.gsm$/i.test(recording) || head.length < GSM_FRAME_BYTES) return false;
  for (let offset = 0; offset < head.length; offset += GSM_FRAME_BYTES) {
    if ((head[offset] ?? 0) >> 4 !== 0xd) return false;
  }
  return true;
}
