import type { Random } from '../engine/random.ts';
import type { FaultKind, Faults } from '../faults.ts';
import { drawLyingSizes, drawUnwrittenSizes, trueSizes, writeHeader } from './wav-header.ts';

/** The part size of the product in this simulation. */
const PART_BYTES = 5 * 1024;
const HEADER_BYTES = 44;

/** With less audio, some of the wrong sizes would be right. */
const SHORTEST_ODD_BYTES = 200;

/** A thousandth of the real rates, because recordings have a thousandth of their size. */
const WAV_BYTES_PER_SECOND = 16;
const GSM_BYTES_PER_SECOND = 1.65;
/** Each begins with the same four bits. */
const GSM_FRAME_BYTES = 33;

/** What a recording's header says about its size; `none`: its format has no sizes; `unknown`: it has no known format. */
export type HeaderKind = 'right' | 'unwritten' | 'lying' | 'none' | 'unknown';

export interface RecordingFile extends Format {
  bytes: Buffer;
  header: HeaderKind;
  /** How long the audio lasts; `undefined` where the file does not say. */
  audioSeconds: number | undefined;
}

export interface Format {
  extension: string;
  contentType: string;
}

/** What PBXs of the S-Series, and those that its API has been taken over by, record. */
export const FORMATS: readonly Format[] = [
  { extension: 'wav', contentType: 'audio/wav' },
  { extension: 'wav', contentType: 'audio/wav' },
  { extension: 'wav', contentType: 'audio/wav' },
  { extension: 'WAV', contentType: 'audio/wav' },
  { extension: 'gsm', contentType: 'audio/gsm' },
  { extension: 'yswav', contentType: 'application/octet-stream' },
];

/** Noise in all relevant formats and sizes: shorter than a part, several parts long, and at the exact boundaries. */
export function drawRecording(random: Random, faults: Faults, formats: readonly Format[]): RecordingFile {
  const { extension, contentType } = random.pick(formats);
  const bytes = random.bytes(drawLength(random));
  const type = { extension, contentType };
  if (extension === 'gsm') {
    for (let frame = 0; frame < bytes.length; frame += GSM_FRAME_BYTES)
      bytes.writeUInt8(0xd0 + random.integer(0, 15), frame);
    return { ...type, bytes, header: 'none', audioSeconds: bytes.length / GSM_BYTES_PER_SECOND };
  }
  if (extension === 'yswav') {
    // Neither text nor any known format starts like this.
    for (let index = 0; index < 64 && index < bytes.length; index++)
      bytes[index] = (bytes[index] ?? 0) | 0x80;
    bytes.writeUInt16BE(0x8000, 0);
    return { ...type, bytes, header: 'unknown', audioSeconds: undefined };
  }
  return { ...type, ...drawWav(bytes, random, faults) };
}

/** A WAV file with this noise, whose header may be wrong. */
function drawWav(
  bytes: Buffer,
  random: Random,
  faults: Faults,
): Omit<RecordingFile, 'extension' | 'contentType'> {
  const strikes = (kind: FaultKind) => bytes.length >= SHORTEST_ODD_BYTES && faults.strikes(kind, 'recorder');
  const audioSeconds = (bytes.length - HEADER_BYTES) / WAV_BYTES_PER_SECOND;
  if (strikes('pbx-header-unwritten')) {
    return { bytes: writeHeader(bytes, drawUnwrittenSizes(random)), header: 'unwritten', audioSeconds };
  }
  if (strikes('pbx-header-lies')) {
    return { ...drawLyingSizes(bytes, random), header: 'lying', audioSeconds };
  }
  return { bytes: writeHeader(bytes, trueSizes(bytes)), header: 'right', audioSeconds };
}

/** A WAV file with nothing wrong about it, long enough to grow. */
export function drawWholeWav(random: Random): RecordingFile {
  return describeWav(random.bytes(random.integer(1500, 8 * PART_BYTES)), 'right');
}

/** The start of a WAV recording as the PBX has it while it writes the file, with its header as recorders keep it. */
export function growingWav(
  whole: RecordingFile,
  length: number,
  style: 'patched' | 'zero' | 'placeholder',
): RecordingFile {
  const bytes = Buffer.from(whole.bytes.subarray(0, length));
  if (style === 'patched') return describeWav(bytes, 'right');
  const size = style === 'zero' ? 0 : 0xffffffff;
  return describeWav(bytes, 'unwritten', { riff: size, data: size });
}

const describeWav = (bytes: Buffer, header: HeaderKind, sizes = trueSizes(bytes)): RecordingFile => ({
  bytes: writeHeader(bytes, sizes),
  extension: 'wav',
  contentType: 'audio/wav',
  header,
  audioSeconds: (bytes.length - HEADER_BYTES) / WAV_BYTES_PER_SECOND,
});

function drawLength(random: Random): number {
  const kind = random.next();
  if (kind < 0.05) return HEADER_BYTES + random.integer(0, 3);
  if (kind < 0.45) return random.integer(HEADER_BYTES, 4000);
  if (kind < 0.65) return PART_BYTES * random.integer(1, 4) + random.integer(-2, 2);
  return random.integer(PART_BYTES, (kind < 0.95 ? 5 : 10) * PART_BYTES);
}
