import { AudioError } from './audio-error.ts';
import { ALAW_SAMPLES, MULAW_SAMPLES } from './g711.ts';
import { decodeGsmFile, decodeGsmWav } from './gsm-file.ts';
import { readWavFile, WAV_FORMATS, type WavFile } from './wav-file.ts';

export interface DecodedAudio {
  codec: 'pcm' | 'alaw' | 'mulaw' | 'gsm';
  /** Interleaved if there are several channels. */
  samples: Int16Array<ArrayBuffer>;
  channels: number;
  sampleRate: number;
}

/**
 * Decodes PCM of 8 or 16 bits, A-law, µ-law and GSM 06.10 in a WAV file, and raw GSM. Throws an `AudioError` for any other
 * file. Unlike an AudioContext, it is available to a worker and keeps the sample rate.
 */
export function decodeAudio(file: Uint8Array): DecodedAudio {
  const wav = readWavFile(file);
  if (wav === undefined) return { codec: 'gsm', channels: 1, ...decodeGsmFile(file) };
  if (wav.formatTag === WAV_FORMATS.gsm610) return { codec: 'gsm', channels: 1, ...decodeGsmWav(wav) };
  return decodeSamples(wav);
}

interface SampleFormat {
  codec: DecodedAudio['codec'];
  tag: number;
  bits: number;
  read: (audio: DataView, offset: number) => number;
}

const { pcm, alaw, mulaw } = WAV_FORMATS;
const SAMPLE_FORMATS: readonly SampleFormat[] = [
  // In WAV files, samples of 8 bits are unsigned.
  { codec: 'pcm', tag: pcm, bits: 8, read: (audio, offset) => (audio.getUint8(offset) - 128) << 8 },
  { codec: 'pcm', tag: pcm, bits: 16, read: (audio, offset) => audio.getInt16(offset, true) },
  { codec: 'alaw', tag: alaw, bits: 8, read: (audio, offset) => ALAW_SAMPLES[audio.getUint8(offset)] ?? 0 },
  {
    codec: 'mulaw',
    tag: mulaw,
    bits: 8,
    read: (audio, offset) => MULAW_SAMPLES[audio.getUint8(offset)] ?? 0,
  },
];

function decodeSamples({ formatTag, channels, sampleRate, bitsPerSample, audio }: WavFile): DecodedAudio {
  const format = SAMPLE_FORMATS.find(({ tag, bits }) => tag === formatTag && bits === bitsPerSample);
  if (format === undefined || channels === 0 || sampleRate === 0) {
    throw new AudioError(
      'unsupported-codec',
      `This WAV file is in a format that is not decoded here: format tag 0x${formatTag.toString(16)}, ` +
        `bits: ${bitsPerSample}, channels: ${channels}, sample rate: ${sampleRate}.`,
    );
  }
  const sampleBytes = format.bits / 8;
  const view = new DataView(audio.buffer, audio.byteOffset, audio.byteLength);
  const samples = new Int16Array(Math.floor(audio.length / (sampleBytes * channels)) * channels);
  for (let index = 0; index < samples.length; index++) {
    samples[index] = format.read(view, index * sampleBytes);
  }
  return { codec: format.codec, samples, channels, sampleRate };
}
