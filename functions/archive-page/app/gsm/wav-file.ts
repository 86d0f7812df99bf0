import { AudioError } from './audio-error.ts';

/** Format tags of WAV files (RFC 2361). */
export const WAV_FORMATS = { pcm: 1, alaw: 6, mulaw: 7, gsm610: 0x31 } as const;
/** WAVE_FORMAT_EXTENSIBLE: the tag stands at the start of the subformat's GUID. */
const EXTENSIBLE = 0xfffe;

export interface WavFile {
  formatTag: number;
  channels: number;
  sampleRate: number;
  /** Bytes of a block, or of one sample of all channels if the codec has no blocks. */
  blockBytes: number;
  bitsPerSample: number;
  /** A view of the audio that is there. */
  audio: Uint8Array;
  /** Number of samples of each channel according to the `fact` chunk. */
  statedSamples: number | undefined;
}

/** Reads a WAV file (RIFF, RF64 or BW64); `undefined` for anything else. Chunks may come in any order. */
export function readWavFile(file: Uint8Array): WavFile | undefined {
  if (!/^(?:RIFF|RF64|BW64)$/.test(readName(file, 0)) || readName(file, 8) !== 'WAVE') return undefined;
  const chunks = findChunks(file);
  const format = viewOf(chunks.get('fmt '));
  const audio = chunks.get('data');
  if (format.byteLength < 16 || audio === undefined) {
    const missing = audio === undefined ? 'audio' : 'description of its audio';
    throw new AudioError(
      'header-incomplete',
      `This WAV file has no ${missing}. Its download may be incomplete.`,
    );
  }
  const tag = format.getUint16(0, true);
  const fact = viewOf(chunks.get('fact'));
  return {
    formatTag: tag === EXTENSIBLE && format.byteLength >= 26 ? format.getUint16(24, true) : tag,
    channels: format.getUint16(2, true),
    sampleRate: format.getUint32(4, true),
    blockBytes: format.getUint16(12, true),
    bitsPerSample: format.getUint16(14, true),
    audio,
    statedSamples: fact.byteLength < 4 ? undefined : fact.getUint32(0, true),
  };
}

const CHUNK_HEADER_BYTES = 8;

/** The first chunk of each name, without what is missing from the file. */
function findChunks(file: Uint8Array): Map<string, Uint8Array> {
  const view = viewOf(file);
  const chunks = new Map<string, Uint8Array>();
  let offset = 12;
  while (offset + CHUNK_HEADER_BYTES <= file.length) {
    const name = readName(file, offset);
    const start = offset + CHUNK_HEADER_BYTES;
    const end = start + readSize(name, view.getUint32(offset + 4, true), chunks);
    // A recorder that was interrupted leaves the size of its audio at 0 or at the maximum.
    const isUnwritten = end > file.length || (name === 'data' && end === start);
    if (!chunks.has(name)) chunks.set(name, file.subarray(start, isUnwritten ? file.length : end));
    if (isUnwritten) break;
    // Chunks start at even offsets.
    offset = end + (end % 2);
  }
  return chunks;
}

/** RF64 and BW64 have the size of their audio in a `ds64` chunk (EBU Tech 3306) and 0xFFFFFFFF in its place. */
function readSize(name: string, size: number, chunks: Map<string, Uint8Array>): number {
  const sizes = viewOf(chunks.get('ds64'));
  const isElsewhere = name === 'data' && size === 0xffffffff && sizes.byteLength >= 16;
  return isElsewhere ? Number(sizes.getBigUint64(8, true)) : size;
}

const readName = (file: Uint8Array, offset: number) =>
  String.fromCharCode(...file.subarray(offset, offset + 4));

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array = new Uint8Array()) =>
  new DataView(buffer, byteOffset, byteLength);
