import { multiplyRounded } from './fixed-point.ts';
import { type FrameParameters, LAR_COUNT } from './frame.ts';

/** Quantization of the log-area ratios (EN 300 961, tables of B, MIC and INVA). */
const OFFSETS = Int16Array.of(0, 0, 2048, -2560, 94, -1792, -341, -1144);
const MIN_CODES = Int16Array.of(-32, -32, -16, -16, -8, -8, -4, -4);
const INVERSE_SLOPES = Int16Array.of(13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708);

/** Decodes the log-area ratios of a frame (EN 300 961, clause 5.2.8). No code exceeds 16 bits, so nothing saturates. */
export function decodeLogAreaRatios(parameters: FrameParameters, ratios: Int16Array): void {
  for (let index = 0; index < LAR_COUNT; index++) {
    const scaled = ((parameters[index] ?? 0) + (MIN_CODES[index] ?? 0)) << 10;
    const shifted = scaled - 2 * (OFFSETS[index] ?? 0);
    ratios[index] = 2 * multiplyRounded(INVERSE_SLOPES[index] ?? 0, shifted);
  }
}

/**
 * The parts of a frame with their own filter, up to `end`. Between two frames the ratios are interpolated: three quarters
 * of the last frame's, half, a quarter, none (clause 5.2.9.1).
 */
export const FILTER_SECTIONS = [
  { end: 13, mix: (last: number, next: number) => (last >> 2) + (next >> 2) + (last >> 1) },
  { end: 27, mix: (last: number, next: number) => (last >> 1) + (next >> 1) },
  { end: 40, mix: (last: number, next: number) => (last >> 2) + (next >> 2) + (next >> 1) },
  { end: 160, mix: (_last: number, next: number) => next },
] as const;

/** Reflection coefficient (Q15) of a log-area ratio, in three straight lines (clause 5.2.9.2). */
export function toReflection(ratio: number): number {
  const magnitude = Math.abs(ratio);
  let reflection = (magnitude >> 2) + 26112;
  if (magnitude < 11059) reflection = magnitude << 1;
  else if (magnitude < 20070) reflection = magnitude + 11059;
  return ratio < 0 ? -reflection : reflection;
}
