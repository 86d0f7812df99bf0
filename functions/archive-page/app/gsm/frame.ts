/** Bits of one frame (EN 300 961, table 1.1): 20 ms, 160 samples at 8 kHz. */
const FRAME_BITS = 260;
export const FRAME_SAMPLES = 160;

/** Four bits with the value 0xD, then the 260 bits of a frame, high bits first (RFC 3551, clause 4.5.8.1). */
export const RAW_FRAME_BYTES = 33;

/** Microsoft's WAV49 packs two frames into a block, low bits first and without a signature. */
export const WAV49_BLOCK_BYTES = 65;
export const WAV49_BLOCK_SAMPLES = 2 * FRAME_SAMPLES;

/** Log-area ratios come first. */
export const LAR_COUNT = 8;
export const SUBFRAME_COUNT = 4;
export const PULSE_COUNT = 13;

/** In each subframe: LTP lag, LTP gain, RPE grid position, block amplitude, and 13 RPE pulses. */
export const SUBFRAME_PARAMETERS = 4 + PULSE_COUNT;

const SUBFRAME_WIDTHS = [7, 2, 2, 6, ...Array<number>(PULSE_COUNT).fill(3)];

/** Width in bits of each parameter of a frame, in the order in which they are sent. */
const WIDTHS = Uint8Array.from([
  ...[6, 6, 5, 5, 4, 4, 3, 3],
  ...Array<number[]>(SUBFRAME_COUNT).fill(SUBFRAME_WIDTHS).flat(),
]);

/** The quantized parameters of one frame. */
export type FrameParameters = Uint8Array;

export const createFrameParameters = (): FrameParameters => new Uint8Array(WIDTHS.length);

/** Whether a frame of raw GSM has its signature. */
export const hasSignature = (bytes: Uint8Array, offset: number) => (bytes[offset] ?? 0) >> 4 === 0xd;

/** Unpacks the raw frame that starts at `offset`. */
export function unpackRawFrame(bytes: Uint8Array, offset: number, parameters: FrameParameters): void {
  let bit = 8 * offset + 4;
  for (let index = 0; index < WIDTHS.length; index++) {
    let value = 0;
    for (const end = bit + (WIDTHS[index] ?? 0); bit < end; bit++) {
      value = (value << 1) | (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    }
    parameters[index] = value;
  }
}

/** Unpacks the first or the second frame (`half` 0 or 1) of the WAV49 block that starts at `offset`. */
export function unpackWav49Frame(
  bytes: Uint8Array,
  offset: number,
  half: number,
  parameters: FrameParameters,
): void {
  let bit = 8 * offset + FRAME_BITS * half;
  for (let index = 0; index < WIDTHS.length; index++) {
    const width = WIDTHS[index] ?? 0;
    let value = 0;
    for (let position = 0; position < width; position++, bit++) {
      value |= (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) << position;
    }
    parameters[index] = value;
  }
}
