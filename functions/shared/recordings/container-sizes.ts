/** The sizes that a container states. All values are plain JSON. */
export interface ContainerSizes {
  /**
   * `unwritten` if the recorder has not written every size, or never does, as in a stream; `none` if the format states
   * no size in bytes.
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

/** Where the audio is. `size` is `undefined` if it was not written. */
export interface AudioLocation {
  start: number;
  size: number | undefined;
}

/** Combines the sizes that a file states for itself and for its audio. */
export function combineSizes(
  total: number | undefined,
  audio: AudioLocation | undefined,
): Omit<ContainerSizes, 'bytesPerSecond'> {
  if (audio === undefined) return { sizes: total === undefined ? 'unwritten' : 'written', totalBytes: total };
  const { start, size } = audio;
  // Zero is right for an empty recording, whose file ends where its audio starts.
  const isEmpty = size === 0 && total === start;
  // libsndfile states 16 bytes until it closes the file. A file cannot end before its audio starts.
  const totalBytes = total !== undefined && (total > start || isEmpty) ? total : undefined;
  const audioEndsAt = size || isEmpty ? start + (size ?? 0) : undefined;
  const isWritten = totalBytes !== undefined && audioEndsAt !== undefined;
  return { sizes: isWritten ? 'written' : 'unwritten', totalBytes, audioStartsAt: start, audioEndsAt };
}

/** The size of a file from its size field, which does not count its own header. Zero was never written. */
export const addHeader = (size: number | undefined, headerBytes: number) =>
  size ? size + headerBytes : undefined;

/**
 * Sizes that programs write while they do not know the right one, with the header added for the size of the file:
 * - 0x7F000000 (SoX's AIFF), rounded down to whole samples;
 * - 0x7FFF0000 (GStreamer), 0x7FFFF000 (SoX's WAV, eSpeak), rounded down to whole blocks; 0x7FFFFF00 and 0x80000000
 *   (arecord), 0x7FFFFFFF (LAME);
 * - 0xFFFFFFFF (FFmpeg and most others), 0xFFFFFFF8 (libsndfile's AIFF), 0xFFFFFF9B (the npm package `wav`).
 */
const PLACEHOLDERS: readonly (readonly [from: number, to: number])[] = [
  [0x7efff000, 0x7f00ffff],
  [0x7ffe0000, 0x8000ffff],
  [0xffff0000, 0xffffffff],
];

/** `undefined` for a placeholder. Zero may be right, see `combineSizes`. */
export const checkSize32 = (size: number) =>
  PLACEHOLDERS.some(([from, to]) => from <= size && size <= to) ? undefined : size;

/** `undefined` for a placeholder: −1 or −8 as an unsigned number, or the largest signed number. */
export const checkSize64 = (size: number) =>
  size >= 0 && size <= Number.MAX_SAFE_INTEGER ? size : undefined;

export const checkRate = (bytesPerSecond: number) =>
  Number.isFinite(bytesPerSecond) && bytesPerSecond > 0 ? bytesPerSecond : undefined;
