import { type Drawing, drawWaveform } from './draw-waveform.ts';
import { createDecoderClient, type DecoderClient } from './gsm/gsm-client.ts';

/** Set by infra/page/build-page.ts. */
declare const DECODER_URL: string;

let client: DecoderClient | undefined;

/** Bars of a waveform. */
export const PEAKS = 400;

/**
 * Fetches a recording as a script does. Not from the browser's cache: what the player has put there came without the
 * headers that allow a script to read it.
 */
async function fetchFile(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url, { cache: 'no-store', credentials: 'omit' });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.arrayBuffer();
}

function decode(file: ArrayBuffer) {
  // A worker that has failed never works again. The next one may be loaded.
  if (client?.hasEnded) client = undefined;
  client ??= createDecoderClient(new Worker(DECODER_URL, { type: 'module' }));
  return client.decode(file, PEAKS);
}

/** Fetches and decodes a GSM recording. */
export async function fetchAsWav(url: string): Promise<Blob> {
  const { wav } = await decode(await fetchFile(url));
  if (wav === undefined) throw new Error('not GSM');
  return new Blob([wav], { type: 'audio/wav' });
}

/** Fetches a recording, and draws its waveform. */
export async function fetchDrawing(url: string): Promise<Drawing> {
  const file = await fetchFile(url);
  // The worker takes over the bytes.
  const copy = file.slice(0);
  try {
    const { peaks } = await decode(file);
    return drawWaveform(peaks);
  } catch (error) {
    return drawWaveform(await decodeByBrowser(copy).catch(() => Promise.reject(error)));
  }
}

/** The loudest sample of each part, from 0 to 1, for what the worker does not know, such as MP3. */
async function decodeByBrowser(file: ArrayBuffer): Promise<Float32Array> {
  const audio = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(file);
  const samples = audio.getChannelData(0);
  return Float32Array.from({ length: PEAKS }, (_, part) => {
    const [start, end] = [part, part + 1].map((edge) => Math.floor((edge * samples.length) / PEAKS));
    return samples.subarray(start, end).reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  });
}
