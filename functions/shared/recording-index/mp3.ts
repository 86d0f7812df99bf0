import { findEndOfId3 } from '../recordings/container.ts';

/** kbit/s of layer III by index, for MPEG 1 and for MPEG 2 and 2.5 (ISO/IEC 11172-3 and 13818-3). */
const BIT_RATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;

/** Of MPEG 1; half of it for MPEG 2, a quarter for 2.5. */
const SAMPLE_RATES = [44_100, 48_000, 32_000] as const;

interface Frame {
  bytes: number;
  bytesPerSecond: number;
  samples: number;
  sampleRate: number;
  /** Offset of a Xing, Info or VBRI header, from the start of the frame. */
  xingAt: number;
}

/**
 * Duration of an MP3 file: by the number of frames that its encoder wrote into the first one, else by its bit rate if
 * all frames in `start` have the same. `undefined` if neither says.
 */
export function readMp3Seconds(start: Buffer, totalBytes: number): number | undefined {
  let first = findEndOfId3(start);
  while (first > 0 && start[first] === 0) first += 1;
  const frame = readFrame(start, first);
  if (frame === undefined) return undefined;
  const frames = readFrameCount(start, first, frame);
  if (frames !== undefined) return (frames * frame.samples) / frame.sampleRate;
  return isConstant(start, first, frame) ? (totalBytes - first) / frame.bytesPerSecond : undefined;
}

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

/** The Xing or Info header follows the side information of the first frame; its first flag says that it has a count. */
function readFrameCount(start: Buffer, first: number, { xingAt }: Frame): number | undefined {
  const xing = first + xingAt;
  if (xing + 12 <= start.length && /^(?:Xing|Info)$/.test(start.toString('latin1', xing, xing + 4))) {
    return start.readUInt32BE(xing + 4) & 1 ? start.readUInt32BE(xing + 8) : undefined;
  }
  const vbri = first + 36;
  const isVbri = vbri + 18 <= start.length && start.toString('latin1', vbri, vbri + 4) === 'VBRI';
  return isVbri ? start.readUInt32BE(vbri + 14) : undefined;
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
