import { multiplyRounded, saturate } from './fixed-point.ts';
import {
  FRAME_SAMPLES,
  type FrameParameters,
  LAR_COUNT,
  PULSE_COUNT,
  SUBFRAME_COUNT,
  SUBFRAME_PARAMETERS,
} from './frame.ts';

const SUBFRAME_SAMPLES = FRAME_SAMPLES / SUBFRAME_COUNT;
/** Every third sample of a subframe may have a pulse. */
const PULSE_SPACING = 3;
const MIN_LAG = 40;
const MAX_LAG = 120;

/** Long-term predictor gains (EN 300 961, table QLB), Q15. */
const GAINS = Int16Array.of(3277, 11469, 21299, 32767);

/** Normalized mantissas of the block amplitude (EN 300 961, table FAC). */
const MANTISSAS = Int16Array.of(18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767);

/**
 * Reconstructs the short-term residual of a frame from its pulses and the residual before it (EN 300 961, clauses 5.3.1
 * and 5.3.2).
 */
export class ExcitationDecoder {
  /** The longest lag before the frame, then the frame. */
  readonly #history = new Int16Array(MAX_LAG + FRAME_SAMPLES);
  readonly #frame = this.#history.subarray(MAX_LAG);
  #lag = MIN_LAG;

  /** The residual is valid until the next call. */
  decode(parameters: FrameParameters): Int16Array {
    this.#history.copyWithin(0, FRAME_SAMPLES);
    this.#frame.fill(0);
    for (let subframe = 0; subframe < SUBFRAME_COUNT; subframe++) {
      const first = LAR_COUNT + subframe * SUBFRAME_PARAMETERS;
      const start = MAX_LAG + subframe * SUBFRAME_SAMPLES;
      this.#addPulses(parameters, first + 2, start);
      this.#addPrediction(parameters[first] ?? 0, parameters[first + 1] ?? 0, start);
    }
    return this.#frame;
  }

  /** APCM inverse quantization and RPE grid positioning (clauses 5.2.16 and 5.2.17). */
  #addPulses(parameters: FrameParameters, first: number, start: number): void {
    const gridPosition = parameters[first] ?? 0;
    const { shift, mantissa } = splitAmplitude(parameters[first + 1] ?? 0);
    const rounding = shift === 0 ? 0 : 1 << (shift - 1);
    for (let pulse = 0; pulse < PULSE_COUNT; pulse++) {
      // Three bits code the odd numbers from -7 to 7.
      const code = 2 * (parameters[first + 2 + pulse] ?? 0) - 7;
      const scaled = multiplyRounded(mantissa, code << 12);
      this.#history[start + gridPosition + PULSE_SPACING * pulse] = (scaled + rounding) >> shift;
    }
  }

  /** Long-term synthesis filtering (clause 5.3.2). */
  #addPrediction(lag: number, gainCode: number, start: number): void {
    // An encoder sends no other lag. The standard has the decoder repeat the last one after a transmission error.
    if (lag >= MIN_LAG && lag <= MAX_LAG) this.#lag = lag;
    const gain = GAINS[gainCode] ?? 0;
    const history = this.#history;
    for (let index = start; index < start + SUBFRAME_SAMPLES; index++) {
      const prediction = multiplyRounded(gain, history[index - this.#lag] ?? 0);
      history[index] = saturate((history[index] ?? 0) + prediction);
    }
  }
}

/** Exponent and mantissa of the coded block amplitude (clause 5.2.15). The exponent is given as a right shift. */
function splitAmplitude(code: number): { shift: number; mantissa: number } {
  let exponent = code > 15 ? (code >> 3) - 1 : 0;
  let mantissa = code - (exponent << 3);
  if (mantissa === 0) return { shift: 10, mantissa: MANTISSAS[7] ?? 0 };
  while (mantissa <= 7) {
    mantissa = (mantissa << 1) | 1;
    exponent -= 1;
  }
  return { shift: 6 - exponent, mantissa: MANTISSAS[mantissa - 8] ?? 0 };
}
