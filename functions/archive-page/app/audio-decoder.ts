import type { Drawing } from './draw-waveform.ts';
import { AudioError } from './gsm/audio-error.ts';

/** Loaded when something is decoded for the first time: most recordings are played by the browser alone. */
const load = () =>
  import('./fetch-audio.ts').catch(() => {
    throw new AudioError('decoder-failed', 'The audio decoder was not loaded.');
  });

/** Whether a part of the page is missing, not the recording. */
export const isDecoderMissing = (error: unknown): boolean =>
  error instanceof AudioError && error.code === 'decoder-failed';

/** Fetches and decodes a GSM recording. */
export const fetchAsWav = async (url: string): Promise<Blob> => (await load()).fetchAsWav(url);

/** Fetches a recording, and draws its waveform. */
export const fetchDrawing = async (url: string): Promise<Drawing> => (await load()).fetchDrawing(url);
