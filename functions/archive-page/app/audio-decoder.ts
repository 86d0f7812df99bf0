import type { Drawing } from './draw-waveform.ts';

/** Loaded when something is decoded for the first time: most recordings are played by the browser alone. */
const load = () => import('./fetch-audio.ts');

/** Fetches and decodes a GSM recording. */
export const fetchAsWav = async (url: string): Promise<Blob> => (await load()).fetchAsWav(url);

/** Fetches a recording, and draws its waveform. */
export const fetchDrawing = async (url: string): Promise<Drawing> => (await load()).fetchDrawing(url);
