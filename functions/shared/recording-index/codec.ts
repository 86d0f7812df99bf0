import { type Container, readContainer } from '../recordings/container.ts';
import { readAiffCompression, readWaveFormatTag } from '../recordings/container-chunks.ts';
import { readMp3Seconds } from '../recordings/mp3.ts';
import type { Codec } from './row.ts';

/** How much of a recording's start is read. */
export const START_BYTES = 4096;

export interface Audio {
  codec: Codec;
  /** `undefined` if the start of the file does not say. */
  seconds: number | undefined;
}

/** Codec and duration, by the first bytes of a file and its size. */
export function readAudio(start: Buffer, recording: string, totalBytes: number): Audio {
  const container = readContainer(start, recording);
  if (container === undefined) return { codec: 'other', seconds: undefined };
  const seconds = findSeconds(container, start, totalBytes);
  return {
    codec: findCodec(container, start),
    // Rates are not always whole, and nobody hears less than a millisecond.
    seconds: seconds === undefined ? undefined : Math.round(1000 * seconds) / 1000,
  };
}

function findCodec({ format }: Container, start: Buffer): Codec {
  switch (format) {
    case 'riff':
    case 'w64':
      return WAVE_CODECS.get(readWaveFormatTag(start) ?? 0) ?? 'other';
    case 'aiff':
      return AIFF_CODECS.get(readAiffCompression(start)?.toLowerCase() ?? '') ?? 'other';
    case 'au':
      return AU_CODECS.get(start.length < 16 ? 0 : start.readUInt32BE(12)) ?? 'other';
    case 'ogg':
      return OGG_CODECS.find(([mark]) => start.includes(mark, 0, 'latin1'))?.[1] ?? 'other';
    case 'mp4':
      return /ftypM4A|mp4a/.test(start.toString('latin1')) ? 'aac' : 'other';
    case 'flac':
    case 'mp3':
    case 'gsm':
      return format;
  }
}

/** By `wFormatTag` (RFC 2361): integers and floating point, G.711, GSM 06.10, MP3, ADPCM of Microsoft, IMA and G.726. */
const WAVE_CODECS: ReadonlyMap<number, Codec> = new Map([
  [0x01, 'pcm'],
  [0x03, 'pcm'],
  [0x06, 'alaw'],
  [0x07, 'ulaw'],
  [0x31, 'gsm'],
  [0x55, 'mp3'],
  [0x02, 'adpcm'],
  [0x11, 'adpcm'],
  [0x45, 'adpcm'],
  [0x64, 'adpcm'],
  [0xff, 'aac'],
]);

/** By compression type, in lower case. */
const AIFF_CODECS: ReadonlyMap<string, Codec> = new Map([
  ...['none', 'twos', 'sowt', 'raw ', 'in24', 'in32', 'fl32', 'fl64'].map((type) => [type, 'pcm'] as const),
  ['alaw', 'alaw'],
  ['ulaw', 'ulaw'],
  ['gsm ', 'gsm'],
  ['ima4', 'adpcm'],
]);

/** By encoding: µ-law, integers and floating point, ADPCM (G.721 to G.723), A-law. */
const AU_CODECS: ReadonlyMap<number, Codec> = new Map([
  [1, 'ulaw'],
  ...[2, 3, 4, 5, 6, 7].map((encoding) => [encoding, 'pcm'] as const),
  ...[23, 24, 25, 26].map((encoding) => [encoding, 'adpcm'] as const),
  [27, 'alaw'],
]);

/** By what the first packet begins with. */
const OGG_CODECS: readonly (readonly [mark: string, codec: Codec])[] = [
  ['OpusHead', 'opus'],
  ['\x01vorbis', 'vorbis'],
  ['\x7FFLAC', 'flac'],
];

function findSeconds(container: Container, start: Buffer, totalBytes: number): number | undefined {
  const { format, audioStartsAt, audioEndsAt = totalBytes, bytesPerSecond } = container;
  if (format === 'mp3') return readMp3Seconds(start, totalBytes);
  if (format === 'flac') return readFlacSeconds(start);
  if (bytesPerSecond === undefined || audioStartsAt === undefined) return undefined;
  return Math.max(Math.min(audioEndsAt, totalBytes) - audioStartsAt, 0) / bytesPerSecond;
}

/** STREAMINFO: 20 bits of sample rate; 36 bits of samples at its end, 0 if the encoder did not know them. */
function readFlacSeconds(start: Buffer): number | undefined {
  if (start.length < 26) return undefined;
  const sampleRate = start.readUIntBE(18, 3) >> 4;
  const samples = Number(start.readBigUInt64BE(18) & 0xf_ffff_ffffn);
  return sampleRate === 0 || samples === 0 ? undefined : samples / sampleRate;
}
