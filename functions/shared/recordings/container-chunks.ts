import {
  type AudioLocation,
  addHeader,
  type ContainerSizes,
  checkRate,
  checkSize32,
  checkSize64,
  combineSizes,
} from './container-sizes.ts';

interface Chunk {
  /** Offset of the content. */
  start: number;
  /** Bytes of content, as stated. */
  size: number;
}

interface ChunkLayout {
  firstAt: number;
  headerBytes: number;
  /** Chunks start at multiples of this. */
  alignment: number;
  /** Bytes of content of the chunk whose header is at this offset. */
  readSize: (offset: number) => number;
}

/** RIFF, RIFX (big-endian), RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088). */
export function readRiff(head: Buffer): ContainerSizes {
  const { chunks, read32, isBigEndian } = findRiffChunks(head);
  const ds64 = contentOf(head, chunks.get('ds64'));
  const readSize = (size: number, offsetInDs64: number) =>
    size === 0xffffffff && ds64.length >= 16
      ? checkSize64(readUInt64(ds64, offsetInDs64))
      : checkSize32(size);
  const total = head.length < 8 ? undefined : addHeader(readSize(read32(4), 0), 8);
  const data = chunks.get('data');
  return {
    ...combineSizes(total, data && { start: data.start, size: readSize(data.size, 8) }),
    bytesPerSecond: readByteRate(contentOf(head, chunks.get('fmt ')), isBigEndian),
  };
}

function findRiffChunks(head: Buffer) {
  const isBigEndian = head.toString('latin1', 0, 4) === 'RIFX';
  const read32 = (offset: number) => (isBigEndian ? head.readUInt32BE(offset) : head.readUInt32LE(offset));
  const readSize = (offset: number) => read32(offset + 4);
  return {
    isBigEndian,
    read32,
    chunks: findChunks(head, { firstAt: 12, headerBytes: 8, alignment: 2, readSize }),
  };
}

const W64_HEADER_BYTES = 24;

/** Sony Wave64: like RIFF, with GUIDs as names, and with 64-bit sizes that include the chunk's header. */
export function readW64(head: Buffer): ContainerSizes {
  const chunks = findW64Chunks(head);
  const total = head.length < W64_HEADER_BYTES ? undefined : addHeader(checkSize64(readUInt64(head, 16)), 0);
  const data = chunks.get('data');
  return {
    ...combineSizes(total, data && { start: data.start, size: checkSize64(data.size) }),
    bytesPerSecond: readByteRate(contentOf(head, chunks.get('fmt ')), false),
  };
}

const findW64Chunks = (head: Buffer) =>
  findChunks(head, {
    firstAt: 40,
    headerBytes: W64_HEADER_BYTES,
    alignment: 8,
    readSize: (offset) => readUInt64(head, offset + 16) - W64_HEADER_BYTES,
  });

/** AIFF and AIFF-C. */
export function readAiff(head: Buffer): ContainerSizes {
  const chunks = findAiffChunks(head);
  const total = head.length < 8 ? undefined : addHeader(checkSize32(head.readUInt32BE(4)), 8);
  const sound = chunks.get('SSND');
  return {
    ...combineSizes(total, sound && locateSound(head, sound)),
    bytesPerSecond: readAiffRate(contentOf(head, chunks.get('COMM'))),
  };
}

const findAiffChunks = (head: Buffer) =>
  findChunks(head, {
    firstAt: 12,
    headerBytes: 8,
    alignment: 2,
    readSize: (offset) => head.readUInt32BE(offset + 4),
  });

const WAVE_FORMAT_EXTENSIBLE = 0xfffe;

/** `wFormatTag` of a WAVE file; the one in the subformat's GUID if the tag says so. */
export function readWaveFormatTag(head: Buffer): number | undefined {
  const isW64 = head.toString('latin1', 0, 4) === 'riff';
  const { chunks, isBigEndian } = isW64
    ? { chunks: findW64Chunks(head), isBigEndian: false }
    : findRiffChunks(head);
  const format = contentOf(head, chunks.get('fmt '));
  if (format.length < 16) return undefined;
  const read16 = (offset: number) =>
    isBigEndian ? format.readUInt16BE(offset) : format.readUInt16LE(offset);
  const tag = read16(0);
  return tag === WAVE_FORMAT_EXTENSIBLE && format.length >= 26 ? read16(24) : tag;
}

/** The compression type of AIFF-C; `NONE` for AIFF. */
export function readAiffCompression(head: Buffer): string | undefined {
  const common = contentOf(head, findAiffChunks(head).get('COMM'));
  return common.length < 18 ? undefined : common.toString('latin1', 18, 22) || 'NONE';
}

/** The first chunk of each name whose header is in `head`. */
function findChunks(head: Buffer, { firstAt, headerBytes, alignment, readSize }: ChunkLayout) {
  const chunks = new Map<string, Chunk>();
  let offset = firstAt;
  while (offset + headerBytes <= head.length) {
    // A GUID of Wave64 starts with the name that RIFF uses.
    const name = head.toString('latin1', offset, offset + 4);
    const chunk = { start: offset + headerBytes, size: readSize(offset) };
    if (!chunks.has(name)) chunks.set(name, chunk);
    offset = Math.ceil((chunk.start + Math.max(chunk.size, 0)) / alignment) * alignment;
  }
  return chunks;
}

const contentOf = (head: Buffer, chunk: Chunk | undefined) =>
  chunk === undefined ? Buffer.alloc(0) : head.subarray(chunk.start, chunk.start + chunk.size);

const readUInt64 = (buffer: Buffer, offset: number) => Number(buffer.readBigUInt64LE(offset));

/** WAVE_FORMAT_PCM, IEEE_FLOAT, ALAW and MULAW: one sample a block. */
const UNCOMPRESSED: readonly number[] = [1, 3, 6, 7];
/** WAVE_FORMAT_ADPCM, IMA_ADPCM and GSM610: the samples of a block stand in the format's extension. */
const COMPRESSED_IN_BLOCKS: readonly number[] = [2, 0x11, 0x31];

/**
 * The byte rate of a `fmt ` chunk. Where the sample rate and the size of a sample, or of a block, contradict what it states,
 * they count: some programs leave it 0, state the sample rate in its place, or, like FFmpeg for ADPCM, a round number.
 */
function readByteRate(format: Buffer, isBigEndian: boolean): number | undefined {
  if (format.length < 16) return undefined;
  const read16 = (offset: number) =>
    isBigEndian ? format.readUInt16BE(offset) : format.readUInt16LE(offset);
  const read32 = (offset: number) =>
    isBigEndian ? format.readUInt32BE(offset) : format.readUInt32LE(offset);
  const stated = checkRate(read32(8));
  const [tag, sampleRate, blockBytes] = [read16(0), read32(4), read16(12)];
  const expected = UNCOMPRESSED.includes(tag)
    ? checkRate(sampleRate * (blockBytes || read16(2) * Math.ceil(read16(14) / 8)))
    : COMPRESSED_IN_BLOCKS.includes(tag) && format.length >= 20
      ? checkRate((sampleRate * blockBytes) / read16(18))
      : stated;
  // Some programs round up, others down.
  const isRounded = stated !== undefined && expected !== undefined && Math.abs(stated - expected) < 1;
  return isRounded ? stated : expected;
}

/** The `SSND` chunk starts with an offset to the audio and a block size. */
function locateSound(head: Buffer, { start, size }: Chunk): AudioLocation {
  const headerBytes = 8 + (start + 4 <= head.length ? head.readUInt32BE(start) : 0);
  const stated = checkSize32(size);
  const hasAudio = stated !== undefined && stated >= headerBytes;
  return { start: start + headerBytes, size: hasAudio ? stated - headerBytes : undefined };
}

/** Compression types of AIFF-C whose samples have the size that the `COMM` chunk states. */
const AIFF_PCM = /^(?:NONE|twos|sowt|raw |in24|in32|fl32|FL32|fl64|FL64)$/;

/** The byte rate that follows from a `COMM` chunk, whose sample rate is an 80-bit floating-point number. */
function readAiffRate(common: Buffer): number | undefined {
  if (common.length < 18) return undefined;
  const compression = common.toString('latin1', 18, 22) || 'NONE';
  const isG711 = /^[au]law$/i.test(compression);
  if (!isG711 && !AIFF_PCM.test(compression)) return undefined;
  const sampleBytes = isG711 ? 1 : Math.ceil(common.readUInt16BE(6) / 8);
  const sampleRate = Number(common.readBigUInt64BE(10)) * 2 ** (common.readUInt16BE(8) - 16383 - 63);
  return checkRate(sampleRate * common.readUInt16BE(0) * sampleBytes);
}
