import { ExcitationDecoder } from './excitation.ts';
import { multiplyRounded, saturate } from './fixed-point.ts';
import { type FrameParameters, LAR_COUNT } from './frame.ts';
import { decodeLogAreaRatios, FILTER_SECTIONS, toReflection } from './reflection.ts';

/** De-emphasis coefficient (EN 300 961, clause 5.3.5), Q15. */
const DE_EMPHASIS = 28180;

/**
 * Bit-exact decoder for GSM 06.10 full rate (RPE-LTP), written from ETSI EN 300 961, clause 5.3. No frame is invalid: any
 * 260 bits decode to 160 samples. Decoder homing (clause 4), which serves test equipment, is left out as in libgsm.
 */
export class GsmDecoder {
  readonly #excitation = new ExcitationDecoder();
  #lastRatios = new Int16Array(LAR_COUNT);
  #ratios = new Int16Array(LAR_COUNT);
  readonly #reflections = new Int16Array(LAR_COUNT);
  /** Delay line of the lattice filter. */
  readonly #delayed = new Int16Array(LAR_COUNT + 1);
  #emphasized = 0;

  /** Decodes a frame and writes its 160 samples at `offset`. */
  decode(parameters: FrameParameters, samples: Int16Array, offset: number): void {
    const residual = this.#excitation.decode(parameters);
    [this.#lastRatios, this.#ratios] = [this.#ratios, this.#lastRatios];
    decodeLogAreaRatios(parameters, this.#ratios);
    let start = 0;
    for (const { end, mix } of FILTER_SECTIONS) {
      for (let index = 0; index < LAR_COUNT; index++) {
        this.#reflections[index] = toReflection(mix(this.#lastRatios[index] ?? 0, this.#ratios[index] ?? 0));
      }
      for (let index = start; index < end; index++) {
        samples[offset + index] = this.#deEmphasize(this.#synthesize(residual[index] ?? 0));
      }
      start = end;
    }
  }

  /** Short-term synthesis filtering, a lattice (clause 5.3.4). */
  #synthesize(residual: number): number {
    const reflections = this.#reflections;
    const delayed = this.#delayed;
    let sample = residual;
    for (let stage = LAR_COUNT - 1; stage >= 0; stage--) {
      const reflection = reflections[stage] ?? 0;
      const last = delayed[stage] ?? 0;
      sample = saturate(sample - multiplyRounded(reflection, last));
      delayed[stage + 1] = saturate(last + multiplyRounded(reflection, sample));
    }
    delayed[0] = sample;
    return sample;
  }

  /** De-emphasis, upscaling, and truncation to 13 bits (clauses 5.3.5 to 5.3.7). */
  #deEmphasize(sample: number): number {
    this.#emphasized = saturate(sample + multiplyRounded(this.#emphasized, DE_EMPHASIS));
    return saturate(2 * this.#emphasized) & ~7;
  }
}
