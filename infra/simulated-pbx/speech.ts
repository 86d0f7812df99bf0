/** Samples per second. */
const RATE = 8000;
/** Formants move every 40 samples: 5 ms. */
const STEP = 40;
/** First three formants of seven vowels, in Hz. */
const VOWELS = [
  [730, 1090, 2440],
  [270, 2290, 3010],
  [300, 870, 2240],
  [530, 1840, 2480],
  [570, 840, 2410],
  [660, 1720, 2410],
  [490, 1350, 1690],
] as const;
const BANDWIDTHS = [80, 110, 160] as const;

const VOICES = { low: { pitch: 112, tract: 1 }, high: { pitch: 198, tract: 1.14 } };

export interface SpeechOptions {
  seconds: number;
  /** The same seed always gives the same bytes. */
  seed?: number;
  /** One voice, or two that take turns. */
  voice?: 'low' | 'high' | 'conversation';
}

/** Generates a RIFF/WAVE file (PCM, 8 kHz, 16 bit, mono) of babble: phrases of voiced syllables, and pauses. */
export function generateSpeech({ seconds, seed = 1, voice = 'conversation' }: SpeechOptions): Buffer {
  const samples = new Float64Array(Math.round(seconds * RATE));
  const random = seededRandom(seed);
  const between = (low: number, high: number) => low + random() * (high - low);
  let position = Math.round(between(0.05, 0.2) * RATE);
  for (let turn = seed; position < samples.length; turn++) {
    const speaker = voice === 'conversation' ? (turn % 2 === 0 ? VOICES.low : VOICES.high) : VOICES[voice];
    position = addPhrase(samples, position, speaker, random) + Math.round(between(0.15, 0.6) * RATE);
  }
  return waveFile(samples);
}

/** Adds a phrase at the sample `start`. Returns where it ends. */
function addPhrase(
  samples: Float64Array,
  start: number,
  voice: { pitch: number; tract: number },
  random: () => number,
): number {
  const between = (low: number, high: number) => low + random() * (high - low);
  const syllables = Math.round(between(3, 10));
  const formants: [number, number, number] = [500, 1500, 2500];
  const resonators = [new Resonator(), new Resonator(), new Resonator()] as const;
  let phase = 0;
  let lastFlow = 0;
  let position = start;
  for (let syllable = 0; syllable < syllables; syllable++) {
    const vowel = VOWELS[Math.floor(random() * VOWELS.length)] ?? VOWELS[0];
    const length = Math.round(between(0.11, 0.24) * RATE);
    // Pitch falls over a phrase and varies from syllable to syllable.
    const pitch = voice.pitch * (1.15 - (0.3 * syllable) / syllables) * between(0.93, 1.07);
    const loudness = between(0.6, 1);
    const consonant = random() < 0.35 ? 0.04 * RATE : 0;
    for (let i = 0; i < length && position < samples.length; i++, position++) {
      if (i % STEP === 0) {
        resonators.forEach((resonator, n) => {
          formants[n] = (formants[n] ?? 0) * 0.8 + (vowel[n] ?? 0) * 0.2;
          resonator.tune(formants[n] * voice.tract, BANDWIDTHS[n] ?? 100);
        });
      }
      phase = (phase + pitch / RATE) % 1;
      const flow = glottalFlow(phase);
      const noise = random() - 0.5;
      let sound = flow - lastFlow + noise * 0.01;
      lastFlow = flow;
      sound = resonators[2].filter(resonators[1].filter(resonators[0].filter(sound)));
      const hiss = i < consonant ? noise * 0.25 : 0;
      samples[position] = (sound + hiss) * loudness * Math.sqrt(Math.sin((Math.PI * i) / length));
    }
  }
  return position;
}

/** Rosenberg's pulse: the vocal folds open slowly and close fast. */
function glottalFlow(phase: number): number {
  if (phase < 0.4) return 0.5 - 0.5 * Math.cos((Math.PI * phase) / 0.4);
  return phase < 0.56 ? Math.cos((Math.PI * (phase - 0.4)) / 0.32) : 0;
}

class Resonator {
  #a = 1;
  #b = 0;
  #c = 0;
  #last = 0;
  #lastButOne = 0;

  tune(frequency: number, bandwidth: number): void {
    const radius = Math.exp((-Math.PI * bandwidth) / RATE);
    this.#c = -radius * radius;
    this.#b = 2 * radius * Math.cos((2 * Math.PI * frequency) / RATE);
    this.#a = 1 - this.#b - this.#c;
  }

  filter(input: number): number {
    const output = this.#a * input + this.#b * this.#last + this.#c * this.#lastButOne;
    this.#lastButOne = this.#last;
    this.#last = output;
    return output;
  }
}

function waveFile(samples: Float64Array): Buffer {
  const file = Buffer.alloc(44 + samples.length * 2);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // mono
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(samples.length * 2, 40);
  let peak = 1e-9;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  // Half of full scale: 6 dB below clipping.
  const gain = 16_000 / peak;
  for (let i = 0; i < samples.length; i++) {
    file.writeInt16LE(Math.round((samples[i] ?? 0) * gain), 44 + i * 2);
  }
  return file;
}

/** mulberry32 */
function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
