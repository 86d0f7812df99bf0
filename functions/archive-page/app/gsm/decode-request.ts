import { AudioError, type AudioErrorCode } from './audio-error.ts';
import { decodeAudio } from './decode-audio.ts';
import { peaks } from './peaks.ts';
import { toWav } from './to-wav.ts';

export interface PlayableAudio {
  /** 16-bit PCM, only of a file that browsers do not play themselves: GSM 06.10. */
  wav: Uint8Array<ArrayBuffer> | undefined;
  /** See `peaks`. */
  peaks: Float32Array<ArrayBuffer>;
  seconds: number;
}

/** Message to the worker. */
export interface DecodeRequest {
  id: number;
  file: ArrayBuffer;
  peakCount: number;
}

/** Message from the worker. */
export type DecodeResponse = { id: number } & (
  | { audio: PlayableAudio }
  | { error: { code: AudioErrorCode; message: string } }
);

/** Answers a request. Never throws: a worker's exceptions do not say which request they belong to. */
export function answerDecodeRequest({ id, file, peakCount }: DecodeRequest): DecodeResponse {
  try {
    const { codec, samples, channels, sampleRate } = decodeAudio(new Uint8Array(file));
    const wav = codec === 'gsm' ? toWav(samples, sampleRate) : undefined;
    const seconds = samples.length / channels / sampleRate;
    return { id, audio: { wav, peaks: peaks(samples, peakCount), seconds } };
  } catch (error) {
    const code = error instanceof AudioError ? error.code : 'decoder-failed';
    return { id, error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

/** What a response hands over instead of copying it. */
export function transferablesOf(response: DecodeResponse): ArrayBuffer[] {
  if (!('audio' in response)) return [];
  const { wav, peaks } = response.audio;
  return wav === undefined ? [peaks.buffer] : [peaks.buffer, wav.buffer];
}
