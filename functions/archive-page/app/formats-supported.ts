import type { Recording } from './contract.ts';

/** What `canPlayType` is asked about the formats that not every browser plays. */
const TYPES: Readonly<Record<string, string>> = {
  aac: 'audio/mp4; codecs="mp4a.40.2"',
  opus: 'audio/ogg; codecs=opus',
  vorbis: 'audio/ogg; codecs=vorbis',
  flac: 'audio/flac',
  adpcm: 'audio/wav; codecs="17"',
};

/** Whether this browser surely does not play a recording. */
export function isUnsupported({ codec = 'other' }: Recording): boolean {
  const type = TYPES[codec];
  return type !== undefined && document.createElement('audio').canPlayType(type) === '';
}
