const CHUNK_HEADER_BYTES = 8;
const FIRST_CHUNK_OFFSET = 12;

export interface RiffSizes {
  /** Size of the complete file according to the RIFF header, in bytes; `undefined` if it was never written. */
  totalBytes?: number | undefined;
  /** Offset at which the audio ends, by its chunk's size. If that was never written, the audio's earliest start. */
  audioEndsAt: number;
  /** Whether all sizes were written. A recorder that is cut off leaves 0 or 0xFFFFFFFF. */
  isPatched: boolean;
}

/** Reads the sizes at the start of a RIFF file (WAV); `undefined` for any other file. */
export function readRiff(head: Buffer): RiffSizes | undefined {
  if (head.toString('latin1', 0, 4) !== 'RIFF') return undefined;
  const riffSize = head.length >= CHUNK_HEADER_BYTES ? head.readUInt32LE(4) : 0;
  const totalBytes = isWritten(riffSize) ? riffSize + CHUNK_HEADER_BYTES : undefined;
  const { start, size } = findAudio(head);
  const end = totalBytes ?? Number.POSITIVE_INFINITY;
  return {
    totalBytes,
    audioEndsAt: isWritten(size) ? start + size : Math.min(start, end),
    // Zero is right for an empty recording, whose file ends where its audio starts.
    isPatched: totalBytes !== undefined && (isWritten(size) || start >= end),
  };
}

const isWritten = (size: number) => size !== 0 && size !== 0xffffffff;

/** Walks the chunks up to the audio or the end of `head`. Chunks start at even offsets. */
function findAudio(head: Buffer): { start: number; size: number } {
  let offset = FIRST_CHUNK_OFFSET;
  while (offset + CHUNK_HEADER_BYTES <= head.length) {
    const size = head.readUInt32LE(offset + 4);
    const start = offset + CHUNK_HEADER_BYTES;
    if (head.toString('latin1', offset, offset + 4) === 'data') return { start, size };
    offset = start + size + (size % 2);
  }
  return { start: offset + CHUNK_HEADER_BYTES, size: 0 };
}
