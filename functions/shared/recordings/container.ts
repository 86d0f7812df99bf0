import { type ContainerSizes, readAiff, readAu, readRiff, readW64 } from './container-sizes.ts';

/** `riff` is any of RIFF, RIFX, RF64 and BW64. */
export type ContainerFormat = 'riff' | 'w64' | 'aiff' | 'au' | 'ogg' | 'flac' | 'mp3' | 'mp4' | 'gsm';

export interface Container extends ContainerSizes {
  format: ContainerFormat;
}

/** Recognizes an audio file by its start and reads what it says about its size; `undefined` for anything else. */
export function readContainer(head: Buffer, recording: string): Container | undefined {
  const start = head.toString('latin1', 0, 40);
  const found = CONTAINERS.find(({ isStart }) => isStart(start));
  if (found !== undefined) return { format: found.format, ...found.read(head) };
  if (isMp3(head)) return { format: 'mp3', ...NO_SIZES };
  return isGsm(head, recording) ? { format: 'gsm', ...GSM_SIZES } : undefined;
}

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
    isStart: (start) => start.startsWith('ftyp', 4) && !/^.{8}(?:avi[fs]|hei|hev|m[is]f1|jp)/s.test(start),
    read: () => NO_SIZES,
  },
];

/** Whether this is one of the types. A file that is cut off may end before its type does. */
const hasType = (start: string, offset: number, types: readonly string[]) =>
  types.some((type) => type.startsWith(start.slice(offset, offset + type.length)));

/** FLAC states its number of samples, which is 0 until the encoder knows it, but no size in bytes. */
function readFlac(head: Buffer): ContainerSizes {
  const samples = head.length < 26 ? 0n : head.readBigUInt64BE(18) & 0xf_ffff_ffffn;
  return samples === 0n ? { sizes: 'unwritten' } : NO_SIZES;
}

/** Whether the first frame's header is valid. A tag may come before it, and may be longer than `head`. */
function isMp3(head: Buffer): boolean {
  let offset = findEndOfId3(head);
  if (offset > 0 && offset >= head.length) return true;
  // Tags may be followed by padding.
  while (offset > 0 && head[offset] === 0) offset += 1;
  const [sync, version = 0, rates = 0xff] = head.subarray(offset, offset + 3);
  const isLayer3 = sync === 0xff && LAYER_3.includes(version);
  return isLayer3 && rates >> 4 !== 0b1111 && (rates & 0b1100) !== 0b1100;
}

/**
 * Second byte of a frame of MPEG 2.5, 2 and 1, each with and without CRC. Only layer III counts: UTF-16 text may start
 * like layer I, AAC like none.
 */
const LAYER_3: readonly number[] = [0xe2, 0xe3, 0xf2, 0xf3, 0xfa, 0xfb];

/** Offset at which an ID3v2 tag ends; 0 if there is none. Its size has 7 bits a byte. */
function findEndOfId3(head: Buffer): number {
  const sizes = [...head.subarray(6, 10)];
  const isId3 =
    head.toString('latin1', 0, 3) === 'ID3' && sizes.length === 4 && sizes.every((bits) => bits < 0x80);
  if (!isId3) return 0;
  const hasFooter = ((head[5] ?? 0) & 0x10) !== 0;
  return sizes.reduce((sum, bits) => sum * 128 + bits, 0) + (hasFooter ? 20 : 10);
}

/** Raw GSM has no header: the name says so, and each frame starts with 0xD. */
const isGsm = (head: Buffer, recording: string) => /\.gsm$/i.test(recording) && (head[0] ?? 0) >> 4 === 0xd;
