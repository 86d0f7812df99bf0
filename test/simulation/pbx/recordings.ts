import type { Random } from '../engine/random.ts';

/** The part size of the product in this simulation. */
const PART_BYTES = 5 * 1024;
const HEADER_BYTES = 44;

export interface RecordingFile {
  bytes: Buffer;
  extension: string;
  contentType: string;
  isRiff: boolean;
  /** Whether its own header gives its length. */
  knowsItsLength: boolean;
}

const TYPES = [
  { extension: 'wav', contentType: 'audio/wav', isRiff: true },
  { extension: 'wav', contentType: 'audio/wav', isRiff: true },
  { extension: 'wav', contentType: 'audio/wav', isRiff: true },
  { extension: 'WAV', contentType: 'audio/wav', isRiff: true },
  { extension: 'gsm', contentType: 'audio/gsm', isRiff: false },
  { extension: 'yswav', contentType: 'application/octet-stream', isRiff: false },
];

/** Noise in all relevant formats and sizes: shorter than a part, several parts long, and at the exact boundaries. */
export function drawRecording(random: Random): RecordingFile {
  const { extension, contentType, isRiff } = random.pick(TYPES);
  const length = drawLength(random);
  const bytes = random.bytes(length);
  // Neither text nor a RIFF file starts like this.
  bytes.writeUInt8(random.integer(0x80, 0xff), 0);
  bytes.writeUInt8(0, 1);
  if (!isRiff) return { bytes, extension, contentType, isRiff, knowsItsLength: false };
  const isUnpatched = random.isTrue(0.1);
  writeHeader(bytes, isUnpatched);
  return { bytes, extension, contentType, isRiff, knowsItsLength: !isUnpatched };
}

function drawLength(random: Random): number {
  const kind = random.next();
  if (kind < 0.05) return HEADER_BYTES + random.integer(0, 3);
  if (kind < 0.45) return random.integer(HEADER_BYTES, 4000);
  if (kind < 0.65) return PART_BYTES * random.integer(1, 4) + random.integer(-2, 2);
  return random.integer(PART_BYTES, (kind < 0.95 ? 5 : 10) * PART_BYTES);
}

function writeHeader(bytes: Buffer, isUnpatched: boolean): void {
  const audioBytes = bytes.length - HEADER_BYTES;
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(isUnpatched ? 0 : bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(8000, 24);
  bytes.writeUInt32LE(16_000, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(isUnpatched ? 0 : audioBytes, 40);
}
