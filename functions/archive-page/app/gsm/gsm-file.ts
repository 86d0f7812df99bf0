import { AudioError } from './audio-error.ts';
import { decodeGsm } from './decode-gsm.ts';
import { hasSignature, RAW_FRAME_BYTES, WAV49_BLOCK_BYTES, WAV49_BLOCK_SAMPLES } from './frame.ts';
import { readWavFile, WAV_FORMATS, type WavFile } from './wav-file.ts';

/** The rate that the codec is made for. Raw GSM does not state one. */
const GSM_SAMPLE_RATE = 8000;

export interface GsmAudio {
  /** One channel. */
  samples: Int16Array<ArrayBuffer>;
  sampleRate: number;
}

/** Decodes a WAV file with the format tag 0x31, or raw GSM. Throws an `AudioError` for any other file. */
export function decodeGsmFile(file: Uint8Array): GsmAudio {
  const wav = readWavFile(file);
  if (wav !== undefined) return decodeGsmWav(wav);
  if (isRawGsm(file)) return { samples: decodeGsm(file, 'raw'), sampleRate: GSM_SAMPLE_RATE };
  throw new AudioError('unknown-format', 'This file is neither a WAV file nor raw GSM.');
}

/** See `decodeGsmFile`. */
export function decodeGsmWav(wav: WavFile): GsmAudio {
  const { formatTag, channels, blockBytes, sampleRate, audio, statedSamples } = wav;
  if (formatTag !== WAV_FORMATS.gsm610 || channels !== 1 || blockBytes !== WAV49_BLOCK_BYTES) {
    throw new AudioError(
      'unsupported-codec',
      `This WAV file is not GSM 06.10 in blocks of 65 bytes: format tag 0x${formatTag.toString(16)}, ` +
        `channels: ${channels}, block size: ${blockBytes}.`,
    );
  }
  const samples = trimEnd(decodeGsm(audio, 'wav49'), statedSamples);
  return { samples, sampleRate: sampleRate || GSM_SAMPLE_RATE };
}

/** An encoder fills up the last block. A stated number of samples is plausible only if it ends in that block. */
function trimEnd(samples: Int16Array<ArrayBuffer>, stated = 0): Int16Array<ArrayBuffer> {
  const isPlausible = stated > Math.max(samples.length - WAV49_BLOCK_SAMPLES, 0) && stated < samples.length;
  return isPlausible ? samples.slice(0, stated) : samples;
}

/** Raw GSM has no header. Damage may have spoilt some signatures; arbitrary bytes have one in sixteen. */
function isRawGsm(file: Uint8Array): boolean {
  const frames = Math.floor(file.length / RAW_FRAME_BYTES);
  let signatures = 0;
  for (let frame = 0; frame < frames; frame++) {
    if (hasSignature(file, frame * RAW_FRAME_BYTES)) signatures += 1;
  }
  return signatures > frames / 2;
}
