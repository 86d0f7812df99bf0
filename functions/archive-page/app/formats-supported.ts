import type { Recording } from './contract.ts';

/** What `canPlayType` is asked about the formats that not every browser plays. */
const TYPES: Readonly<Record<string, string>> = {
  aac: 'audio/mp4; codecs="mp4a.40.2"',
  opus: 'audio/ogg; codecs=opus',
  vorbis: 'audio/ogg; codecs=vorbis',
  flac: 'audio/flac',
  adpcm: 'audio/wav; codecs="17"',
  mp3: 'audio/mpeg',
};

/** Whether this browser surely does not play a recording. */
export function isUnsupported({ codec = 'other' }: Pick<Recording, 'codec'>): boolean {
  const type = TYPES[codec];
  return type !== undefined && document.createElement('audio').canPlayType(type) === '';
}

/** Whether this browser surely plays a recording, unless the file or the sound output is to blame. */
export const isSupported = ({ codec = 'other' }: Pick<Recording, 'codec'>): boolean =>
  ['pcm', 'alaw', 'ulaw', 'mp3', 'gsm'].includes(codec) && !isUnsupported({ codec });
