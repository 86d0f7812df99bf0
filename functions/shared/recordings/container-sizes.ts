/** What a container says about its size. Values are plain JSON. */
export interface ContainerSizes {
  /**
   * `unwritten` if the recorder has not written all sizes, or never does, as in a stream; `none` if the format has no
   * size in bytes.
   */
  sizes: 'written' | 'unwritten' | 'none';
  /** Size of the complete file according to the container; `undefined` if unknown. */
  totalBytes?: number | undefined;
  /** Offset at which the audio starts; `undefined` if unknown. */
  audioStartsAt?: number | undefined;
  /** Offset at which the audio ends, by its own chunk's size; `undefined` if unknown. */
  audioEndsAt?: number | undefined;
  /** Average bytes per second of the audio; `undefined` if unknown or nonsense. */
  bytesPerSecond?: number | undefined;
}

interface Chunk {
  /** Offset of the content. */
  start: number;
  /** Bytes of content, as stated. */
  size: number;
}

/** As `Chunk`, but of the audio itself. `size` is `undefined` if it was not written. */
interface Audio {
  start: number;
  size: number | undefined;
}

interface ChunkLayout {
  firstAt: number;
  headerBytes: number;
  /** Chunks start at multiples of this. */
  alignment: number;
  readSize: (offset: number) => number;
}

const RIFF_LAYOUT = { firstAt: 12, headerBytes: 8, alignment: 2 };
const W64_LAYOUT = { firstAt: 40, headerBytes: 24, alignment: 8 };

/** RIFF, RIFX, RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088). */
export function readRiff(head: Buffer): ContainerSizes {
  const isBigEndian = head.toString('latin1', 0, 4) === 'RIFX';
  const readSize = (offset: number) => (isBigEndian ? head.readUInt32BE(offset) : head.readUInt32LE(offset));
  const chunks = readChunks(head, { ...RIFF_LAYOUT, readSize: (offset) => readSize(offset + 4) });
  const ds64 = chunks.get('ds64');
  const has64BitSizes = ds64 !== undefined && ds64.start + 16 <= head.length;
  const sizeOf = (stated: number, offsetInDs64: number) =>
    stated === 0xffffffff && has64BitSizes
      ? checkSize64(read64(head, ds64.start + offsetInDs64))
      : checkSize32(stated);
  const riffSize = head.length < 8 ? undefined : sizeOf(readSize(4), 0);
  const data = chunks.get('data');
  return {
    ...combineSizes(addHeader(riffSize, 8), data && { start: data.start, size: sizeOf(data.size, 8) }),
    bytesPerSecond: readByteRate(contentOf(head, chunks.get('fmt ')), isBigEndian),
  };
}

/** Sony Wave64: RIFF with GUIDs for names and sizes of 64 bits, which include the chunk's header. */
export function readW64(head: Buffer): ContainerSizes {
  const chunks = readChunks(head, {
    ...W64_LAYOUT,
    readSize: (offset) => read64(head, offset + 16) - W64_LAYOUT.headerBytes,
  });
  const data = chunks.get('data');
  return {
    ...combineSizes(
      addHeader(head.length < W64_LAYOUT.headerBytes ? undefined : checkSize64(read64(head, 16)), 0),
      data && { start: data.start, size: checkSize64(data.size) },
    ),
    bytesPerSecond: readByteRate(contentOf(head, chunks.get('fmt ')), false),
  };
}

/** AIFF and AIFF-C. */
export function readAiff(head: Buffer): ContainerSizes {
  const chunks = readChunks(head, {
    ...RIFF_LAYOUT,
    readSize: (offset) => head.readUInt32BE(offset + 4),
  });
  const formSize = head.length < 8 ? undefined : checkSize32(head.readUInt32BE(4));
  const sound = chunks.get('SSND');
  return {
    ...combineSizes(addHeader(formSize, 8), sound && readSound(head, sound)),
    bytesPerSecond: readAiffRate(contentOf(head, chunks.get('COMM'))),
  };
}

const AU_HEADER_BYTES = 24;
/** Bytes of a sample by encoding: μ-law, PCM, floating point, A-law. */
const AU_SAMPLE_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1 };

/** Sun AU. Its only size is the audio's; 0xFFFFFFFF is valid for a stream. */
export function readAu(head: Buffer): ContainerSizes {
  if (head.length < AU_HEADER_BYTES) return { sizes: 'unwritten' };
  const start = head.readUInt32BE(4);
  const stated = checkSize32(head.readUInt32BE(8));
  // libsndfile leaves 0 until it closes the file.
  const size = stated === 0 && head.length > start ? undefined : stated;
  const sampleBytes = AU_SAMPLE_BYTES[head.readUInt32BE(12)] ?? 0;
  return {
    ...combineSizes(size === undefined ? undefined : start + size, { start, size }),
    bytesPerSecond: checkRate(sampleBytes * head.readUInt32BE(16) * head.readUInt32BE(20)),
  };
}

/** The first chunk of each name whose header is in `head`. */
function readChunks(head: Buffer, { firstAt, headerBytes, alignment, readSize }: ChunkLayout) {
  const chunks = new Map<string, Chunk>();
  let offset = firstAt;
  while (offset + headerBytes <= head.length) {
    const name = head.toString('latin1', offset, offset + 4);
    const chunk = { start: offset + headerBytes, size: readSize(offset) };
    if (!chunks.has(name)) chunks.set(name, chunk);
    offset = Math.ceil((chunk.start + Math.max(chunk.size, 0)) / alignment) * alignment;
  }
  return chunks;
}

const contentOf = (head: Buffer, chunk: Chunk | undefined) =>
  head.subarray(chunk?.start ?? 0, chunk === undefined ? 0 : chunk.start + chunk.size);

const read64 = (head: Buffer, offset: number) => Number(head.readBigUInt64LE(offset));

/**
 * Sizes that programs write before they know better: 0xFFFFFFFF (FFmpeg), 0xFFFFFFF8 (libsndfile's AIFF), 0x7FFFFFFF
 * (LAME), 0x7FFFF000 (SoX, eSpeak), 0x7FFFFF00 (arecord), 0x7FFF0000 (GStreamer), 0x7F000000 (SoX's AIFF). Each may be
 * rounded down to whole blocks, and the header is added for the size of the file.
 */
const PLACEHOLDERS: readonly (readonly [from: number, to: number])[] = [
  [0x7efff000, 0x7f00ffff],
  [0x7ffe0000, 0x8000ffff],
  [0xffff0000, 0xffffffff],
];

/** `undefined` for a placeholder. 0 may be right, see `combineSizes`. */
const checkSize32 = (size: number) =>
  PLACEHOLDERS.some(([from, to]) => from <= size && size <= to) ? undefined : size;

/** Placeholders are −1 and −8 (as unsigned numbers) and the largest signed number. */
const checkSize64 = (size: number) => (size >= 0 && size <= Number.MAX_SAFE_INTEGER ? size : undefined);

const checkRate = (bytesPerSecond: number) =>
  Number.isFinite(bytesPerSecond) && bytesPerSecond > 0 ? bytesPerSecond : undefined;

/** Zero was never written. */
const addHeader = (size: number | undefined, headerBytes: number) => (size ? size + headerBytes : undefined);

function combineSizes(total: number | undefined, audio: Audio | undefined): ContainerSizes {
  if (audio === undefined) return { sizes: total === undefined ? 'unwritten' : 'written', totalBytes: total };
  const { start, size } = audio;
  // Zero is right for an empty recording, whose file ends where its audio starts.
  const isEmpty = size === 0 && total === start;
  // libsndfile writes 8 until it closes the file. It cannot end before its audio starts.
  const totalBytes = total !== undefined && (total > start || isEmpty) ? total : undefined;
  const audioEndsAt = size || isEmpty ? start + (size ?? 0) : undefined;
  const isWritten = totalBytes !== undefined && audioEndsAt !== undefined;
  return { sizes: isWritten ? 'written' : 'unwritten', totalBytes, audioStartsAt: start, audioEndsAt };
}

/** WAVE_FORMAT_PCM, IEEE_FLOAT, ALAW and MULAW: their byte rate follows from the sample rate. */
const UNCOMPRESSED_TAGS: readonly number[] = [1, 3, 6, 7];

/** The byte rate of a `fmt ` chunk, unless it is 0 or contradicts the sample rate. */
function readByteRate(format: Buffer, isBigEndian: boolean): number | undefined {
  if (format.length < 14) return undefined;
  const read16 = (offset: number) =>
    isBigEndian ? format.readUInt16BE(offset) : format.readUInt16LE(offset);
  const read32 = (offset: number) =>
    isBigEndian ? format.readUInt32BE(offset) : format.readUInt32LE(offset);
  const byteRate = read32(8);
  const isContradicted = UNCOMPRESSED_TAGS.includes(read16(0)) && byteRate !== read32(4) * read16(12);
  return isContradicted ? undefined : checkRate(byteRate);
}

/** The `SSND` chunk starts with an offset and a block size. */
function readSound(head: Buffer, { start, size }: Chunk): Audio {
  const offset = start + 4 <= head.length ? head.readUInt32BE(start) : 0;
  const headerBytes = 8 + offset;
  const stated = checkSize32(size);
  const isNonsense = stated === undefined || stated < headerBytes;
  return { start: start + headerBytes, size: isNonsense ? undefined : stated - headerBytes };
}

/** Compression types of AIFF-C whose samples have the size that the `COMM` chunk states. */
const AIFF_PCM = /^(?:NONE|twos|sowt|raw |in24|in32|fl32|FL32|fl64|FL64)$/;

/** The byte rate that follows from a `COMM` chunk, whose sample rate is a floating-point number of 80 bits. */
function readAiffRate(common: Buffer): number | undefined {
  if (common.length < 18) return undefined;
  const compression = common.toString('latin1', 18, 22) || 'NONE';
  const isG711 = /^[au]law$/i.test(compression);
  if (!isG711 && !AIFF_PCM.test(compression)) return undefined;
  const sampleBytes = isG711 ? 1 : Math.ceil(common.readUInt16BE(6) / 8);
  const sampleRate = Number(common.readBigUInt64BE(10)) * 2 ** (common.readUInt16BE(8) - 16383 - 63);
  return checkRate(sampleRate * common.readUInt16BE(0) * sampleBytes);
}
