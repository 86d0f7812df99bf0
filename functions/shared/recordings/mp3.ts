import { type ContainerSizes, checkRate } from './container-sizes.ts';

/** kbit/s of layer III by index, for MPEG 1 and for MPEG 2 and 2.5 (ISO/IEC 11172-3 and 13818-3). */
const BIT_RATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;

/** For MPEG 1. MPEG 2 has half of each, MPEG 2.5 a quarter. */
const SAMPLE_RATES = [44_100, 48_000, 32_000] as const;

interface Frame {
  bytes: number;
  bytesPerSecond: number;
  samples: number;
  sampleRate: number;
  /** Offset of a Xing, Info or VBRI header, from the start of the frame. */
  xingAt: number;
}

/** Whether the first frame's header is valid. A tag may come before it, and may be longer than `head`. */
export function isMp3(head: Buffer): boolean {
  const offset = findFirstFrame(head);
  if (findEndOfId3(head) >= Math.max(head.length, 1)) return true;
  const [sync, version = 0, rates = 0xff] = head.subarray(offset, offset + 3);
  const isLayer3 = sync === 0xff && LAYER_3.includes(version);
  return isLayer3 && rates >> 4 !== 0b1111 && (rates & 0b1100) !== 0b1100;
}

/**
 * Second byte of a frame of MPEG 2.5, 2 and 1, each with and without CRC. Other layers do not count: UTF-16 text with a
 * byte order mark looks like layer I.
 */
const LAYER_3: readonly number[] = [0xe2, 0xe3, 0xf2, 0xf3, 0xfa, 0xfb];

const ID3_VERSIONS: readonly number[] = [2, 3, 4];

/** Offset of the first frame. A tag may be followed by padding. */
function findFirstFrame(head: Buffer): number {
  let offset = findEndOfId3(head);
  while (offset > 0 && head[offset] === 0) offset += 1;
  return offset;
}

/** Offset at which an ID3v2 tag ends; 0 if there is none. Each byte of its size holds 7 bits. */
function findEndOfId3(head: Buffer): number {
  const [version = 0, , flags = 0, ...size] = head.subarray(3, 10);
  const isId3 = head.toString('latin1', 0, 3) === 'ID3' && ID3_VERSIONS.includes(version);
  if (!isId3 || size.length < 4 || size.some((bits) => bits > 0x7f)) return 0;
  const hasFooter = (flags & 0x10) !== 0;
  return size.reduce((sum, bits) => sum * 128 + bits, 0) + (hasFooter ? 20 : 10);
}

/**
 * Duration of an MP3 file: by the number of frames that its encoder wrote into the first one, else by its bit rate if
 * all frames in `start` have the same. `undefined` if neither says.
 */
export function readMp3Seconds(start: Buffer, totalBytes: number): number | undefined {
  const first = findFirstFrame(start);
  const frame = readFrame(start, first);
  if (frame === undefined) return undefined;
  const { frames } = readCounts(start, first, frame);
  if (frames !== undefined) return secondsOf(frames, frame);
  return isConstant(start, first, frame) ? (totalBytes - first) / frame.bytesPerSecond : undefined;
}

/**
 * Where the audio of an MP3 file starts and how many bytes a second it has on average: by the numbers of frames and of
 * bytes that its encoder wrote into the first one, else by its bit rate if all frames in `head` have the same.
 */
export function readMp3Rate(head: Buffer): Pick<ContainerSizes, 'audioStartsAt' | 'bytesPerSecond'> {
  const first = findFirstFrame(head);
  const frame = readFrame(head, first);
  if (frame === undefined) return {};
  const { frames, bytes } = readCounts(head, first, frame);
  const bytesPerSecond = frames && bytes ? checkRate(bytes / secondsOf(frames, frame)) : undefined;
  if (bytesPerSecond !== undefined) return { audioStartsAt: first, bytesPerSecond };
  return isConstant(head, first, frame) ? { audioStartsAt: first, bytesPerSecond: frame.bytesPerSecond } : {};
}

const secondsOf = (frames: number, { samples, sampleRate }: Frame) => (frames * samples) / sampleRate;

function readFrame(start: Buffer, offset: number): Frame | undefined {
  const [sync = 0, version = 0, rates = 0, mode = 0] = start.subarray(offset, offset + 4);
  if (sync !== 0xff || (version & 0xe6) !== 0xe2) return undefined;
  const [isMpeg1, isMpeg25] = [(version & 0x18) === 0x18, (version & 0x18) === 0];
  const bitRate = 1000 * (BIT_RATES[isMpeg1 ? 0 : 1][rates >> 4] ?? 0);
  const fullRate = SAMPLE_RATES[(rates >> 2) & 3];
  if (bitRate === 0 || fullRate === undefined) return undefined;
  const sampleRate = isMpeg1 ? fullRate : fullRate / (isMpeg25 ? 4 : 2);
  const samples = isMpeg1 ? 1152 : 576;
  const padding = (rates >> 1) & 1;
  const isMono = mode >> 6 === 3;
  const sideBytes = isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17;
  return {
    bytes: Math.floor(((samples / 8) * bitRate) / sampleRate) + padding,
    bytesPerSecond: bitRate / 8,
    samples,
    sampleRate,
    xingAt: 4 + sideBytes,
  };
}

/** What the encoder has counted, without tags. A Xing or Info header follows the side information of the first frame. */
function readCounts(
  start: Buffer,
  first: number,
  { xingAt }: Frame,
): { frames?: number | undefined; bytes?: number | undefined } {
  const xing = first + xingAt;
  if (xing + 16 <= start.length && /^(?:Xing|Info)$/.test(start.toString('latin1', xing, xing + 4))) {
    // Its first two flags say that it has them, one after the other.
    const flags = start.readUInt32BE(xing + 4);
    const frames = flags & 1 ? start.readUInt32BE(xing + 8) : undefined;
    return { frames, bytes: (flags & 3) === 3 ? start.readUInt32BE(xing + 12) : undefined };
  }
  const vbri = first + 36;
  const isVbri = vbri + 18 <= start.length && start.toString('latin1', vbri, vbri + 4) === 'VBRI';
  return isVbri ? { frames: start.readUInt32BE(vbri + 14), bytes: start.readUInt32BE(vbri + 10) } : {};
}

function isConstant(start: Buffer, first: number, frame: Frame): boolean {
  let offset = first + frame.bytes;
  let count = 1;
  for (; offset + 4 <= start.length; count++) {
    const next = readFrame(start, offset);
    if (next?.bytesPerSecond !== frame.bytesPerSecond) return false;
    offset += next.bytes;
  }
  return count > 1;
}
