import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decodeAudio } from '../../../../functions/archive-page/app/gsm/decode-audio.ts';
import { decodeGsmFile } from '../../../../functions/archive-page/app/gsm/gsm-file.ts';
import { fixture, sha256Of, toBytes } from './fixtures.ts';
import { decodeWithSox, hasSox } from './sox.ts';
import { dataChunk, factChunk, formatChunk, wavOf } from './wav-files.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
/** Positive and negative samples of 16 bits, the extremes included. */
const words = Buffer.concat([everyByte, Buffer.from('0080ff7f', 'hex')]);

const pcm = (bits: number, channels = 1) => formatChunk({ tag: 1, bits, channels });
const alaw = formatChunk({ tag: 6, bits: 8 });
const mulaw = formatChunk({ tag: 7, bits: 8 });

/** WAVE_FORMAT_EXTENSIBLE: size, valid bits, speakers, then a GUID that starts with the tag. */
const extensible = (tag: number, bits: number) =>
  formatChunk({
    tag: 0xfffe,
    bits,
    extension: [22, bits, 4, 0, tag, 0, 0, 0x10, 0x80, 0xaa00, 0x3800, 0x719b],
  });

const FILES = [
  { name: 'PCM, 8 bits', codec: 'pcm', channels: 1, file: wavOf([pcm(8), dataChunk(everyByte)]) },
  { name: 'PCM, 16 bits', codec: 'pcm', channels: 1, file: wavOf([pcm(16), dataChunk(words)]) },
  { name: 'PCM, 8 bits, stereo', codec: 'pcm', channels: 2, file: wavOf([pcm(8, 2), dataChunk(everyByte)]) },
  { name: 'PCM, 16 bits, stereo', codec: 'pcm', channels: 2, file: wavOf([pcm(16, 2), dataChunk(words)]) },
  { name: 'PCM, extensible', codec: 'pcm', channels: 1, file: wavOf([extensible(1, 16), dataChunk(words)]) },
  { name: 'A-law', codec: 'alaw', channels: 1, file: wavOf([alaw, factChunk(256), dataChunk(everyByte)]) },
  { name: 'µ-law', codec: 'mulaw', channels: 1, file: wavOf([mulaw, factChunk(256), dataChunk(everyByte)]) },
];

describe.each(FILES)('$name', ({ codec, channels, file }) => {
  test('is decoded with its number of channels and its sample rate', () => {
    expect(decodeAudio(file)).toMatchObject({ codec, channels, sampleRate: 8000 });
  });

  test.runIf(hasSox)('decodes to the samples of the SoX that is installed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'audio-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'file.wav');
    writeFileSync(path, file);
    expect(toBytes(decodeAudio(file).samples).equals(decodeWithSox(path))).toBe(true);
  });
});

test('PCM of 8 bits is unsigned, PCM of 16 bits is signed', () => {
  const audio = dataChunk(Buffer.from('007f80ff', 'hex'));
  expect(Array.from(decodeAudio(wavOf([pcm(8), audio])).samples)).toEqual([-32768, -256, 0, 32512]);
  expect(Array.from(decodeAudio(wavOf([pcm(16), audio])).samples)).toEqual([0x7f00, -128]);
  expect(Array.from(decodeAudio(wavOf([extensible(1, 16), audio])).samples)).toEqual([0x7f00, -128]);
});

// SHA-256 of the samples that SoX 14.4.2 decodes all codes to.
test.each([
  {
    codec: 'A-law',
    format: alaw,
    sha256: 'e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174',
  },
  {
    codec: 'µ-law',
    format: mulaw,
    sha256: '3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827',
  },
])('every code of $codec decodes to the sample that was recorded from SoX', ({ format, sha256 }) => {
  expect(sha256Of(decodeAudio(wavOf([format, dataChunk(everyByte)])).samples)).toBe(sha256);
});

test('A-law and µ-law have the extremes and the zeros of ITU-T G.711', () => {
  const decode = (format: typeof alaw, codes: number[]) =>
    Array.from(decodeAudio(wavOf([format, dataChunk(Uint8Array.from(codes))])).samples);
  expect(decode(alaw, [0xaa, 0x2a, 0xd5, 0x55])).toEqual([32256, -32256, 8, -8]);
  expect(decode(mulaw, [0x80, 0x00, 0xff, 0xfe, 0x7e])).toEqual([32124, -32124, 0, 8, -8]);
});

test('a stereo file that is cut off in a sample ends with the last complete one', () => {
  const file = wavOf([pcm(16, 2), dataChunk(words)]);
  expect(decodeAudio(file.subarray(0, -3)).samples).toEqual(decodeAudio(file).samples.slice(0, -2));
});

test.each(['speech.wav', 'speech.gsm'])('GSM decodes as decodeGsmFile decodes it: %s', (name) => {
  const file = fixture(name);
  expect(decodeAudio(file)).toEqual({ codec: 'gsm', channels: 1, ...decodeGsmFile(file) });
});

test.each([
  { case: 'an ADPCM file', format: formatChunk({ tag: 0x11, bits: 4, blockBytes: 256 }) },
  { case: 'PCM of 24 bits', format: pcm(24) },
  { case: 'floating point', format: formatChunk({ tag: 3, bits: 32 }) },
  { case: 'a file without channels', format: pcm(16, 0) },
  { case: 'a file without a sample rate', format: formatChunk({ tag: 1, sampleRate: 0 }) },
])('is not decoded: $case', ({ format }) => {
  expect(() => decodeAudio(wavOf([format, dataChunk(words)]))).toThrow(
    expect.objectContaining({ name: 'AudioError', code: 'unsupported-codec' }),
  );
});
