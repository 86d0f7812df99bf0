/** Loaded when something is decoded for the first time: most recordings are played by the browser alone. */
const load = () => import('./fetch-audio.ts');

/** Fetches and decodes a GSM recording. */
export const fetchAsWav = async (url: string): Promise<Blob> => (await load()).fetchAsWav(url);

/** Fetches a recording. Returns the loudest sample of each part of it, from 0 to 1. */
export const fetchPeaks = async (url: string): Promise<Float32Array> => (await load()).fetchPeaks(url);
