import { describe, expect, test } from 'vitest';
import { AudioError } from '../../../../functions/archive-page/app/gsm/audio-error.ts';
import { decodeGsm } from '../../../../functions/archive-page/app/gsm/decode-gsm.ts';
import { decodeGsmFile } from '../../../../functions/archive-page/app/gsm/gsm-file.ts';
import { readWavFile } from '../../../../functions/archive-page/app/gsm/wav-file.ts';
import { COMPLETE_FILES, UNFINISHED_FILES } from '../../shared/recordings/encoder-files.ts';
import { fixture } from './fixtures.ts';
import { type Chunk, dataChunk, factChunk, formatChunk, gsmFormat, wavOf } from './wav-files.ts';

/** Three blocks of 65 bytes, and what they decode to. */
const audio = (readWavFile(fixture('speech.wav'))?.audio ?? new Uint8Array()).slice(0, 195);
const samples = decodeGsm(audio, 'wav49');

const listChunk: Chunk = { name: 'LIST', content: Buffer.from('INFOISFT\x03\0\0\0a\0') };
const oddChunk: Chunk = { name: 'bext', content: Buffer.from('odd') };

describe('a WAV file', () => {
  test.each([
    { case: 'in the usual order', chunks: [gsmFormat(), factChunk(960), dataChunk(audio)] },
    { case: 'with its audio first', chunks: [dataChunk(audio), factChunk(960), gsmFormat()] },
    { case: 'without a fact chunk', chunks: [gsmFormat(), dataChunk(audio)] },
    {
      case: 'with chunks of an odd size',
      chunks: [oddChunk, gsmFormat(), oddChunk, dataChunk(audio), oddChunk],
    },
    { case: 'with tags before and after', chunks: [gsmFormat(), listChunk, dataChunk(audio), listChunk] },
    { case: 'without the extension of its format', chunks: [gsmFormat({ extension: [] }), dataChunk(audio)] },
    { case: 'with a size of 0', chunks: [gsmFormat(), factChunk(0), dataChunk(audio, 0)] },
    { case: 'with the largest size', chunks: [gsmFormat(), dataChunk(audio, 0xffffffff)] },
    { case: 'with too large a size', chunks: [gsmFormat(), factChunk(9600), dataChunk(audio, 6500)] },
    { case: 'with a size that is one too large', chunks: [gsmFormat(), dataChunk(audio, 196)] },
  ])('decodes $case', ({ chunks }) => {
    expect(decodeGsmFile(wavOf(chunks))).toEqual({ samples, sampleRate: 8000 });
  });

  test('decodes the complete blocks of a file that is cut off in a block', () => {
    const file = wavOf([gsmFormat(), factChunk(960), dataChunk(audio)]);
    for (const missing of [2, 40, 66]) {
      expect(decodeGsmFile(file.subarray(0, -missing)).samples).toEqual(samples.subarray(0, 640));
    }
  });

  test('decodes a header without audio to nothing', () => {
    expect(decodeGsmFile(wavOf([gsmFormat(), dataChunk(new Uint8Array())])).samples).toHaveLength(0);
  });

  test.each([
    { stated: 641, expected: 641 },
    { stated: 959, expected: 959 },
    { stated: 960, expected: 960 },
    { stated: 0, expected: 960 },
    { stated: 1, expected: 960 },
    { stated: 640, expected: 960 },
    { stated: 961, expected: 960 },
    { stated: 0x7fffffff, expected: 960 },
  ])('$stated samples stated of 960 give $expected', ({ stated, expected }) => {
    const decoded = decodeGsmFile(wavOf([gsmFormat(), factChunk(stated), dataChunk(audio)]));
    expect(decoded.samples).toEqual(samples.subarray(0, expected));
  });

  test('keeps its sample rate, and has 8 kHz if it states none', () => {
    const rateOf = (sampleRate: number) =>
      decodeGsmFile(wavOf([gsmFormat({ sampleRate }), dataChunk(audio)])).sampleRate;
    expect([11025, 8000, 0].map(rateOf)).toEqual([11025, 8000, 8000]);
  });

  test.each(['RF64', 'BW64'])('reads the size of %s from its ds64 chunk', (id) => {
    const sizes = Buffer.alloc(28);
    sizes.writeBigUInt64LE(BigInt(audio.length), 8);
    const ds64 = { name: 'ds64', content: sizes };
    // The tag after the audio would be another block.
    const tag = { name: 'tag ', content: audio };
    const file = wavOf([ds64, gsmFormat(), dataChunk(audio, 0xffffffff), tag], id);
    expect(decodeGsmFile(file).samples).toEqual(samples);
  });

  test('reads a file in a larger buffer', () => {
    const file = wavOf([gsmFormat(), dataChunk(audio)]);
    const larger = Buffer.concat([Buffer.from('odd'), file, Buffer.from('more')]);
    expect(decodeGsmFile(larger.subarray(3, -4)).samples).toEqual(samples);
  });

  test('decodes the files of SoX and libsndfile without the samples that fill up the last block', () => {
    const files = COMPLETE_FILES.filter(({ content }) => content.includes('GSM'));
    expect(files.map(({ bytes }) => decodeGsmFile(bytes).samples.length)).toEqual([10, 10]);
  });

  test('decodes nothing of an unfinished file that ends in its first block', () => {
    const files = UNFINISHED_FILES.filter(({ content }) => content.includes('GSM'));
    expect(files.map(({ bytes }) => decodeGsmFile(bytes).samples.length)).toEqual([0, 0]);
  });
});

describe('raw GSM', () => {
  const file = fixture('speech.gsm');

  test('is decoded at 8 kHz', () => {
    expect(decodeGsmFile(file)).toEqual({ samples: decodeGsm(file, 'raw'), sampleRate: 8000 });
  });

  test('is recognized if a few frames are damaged, the first included', () => {
    const damaged = Uint8Array.from(file);
    for (const frame of [0, 7, 8]) damaged[33 * frame] = 0;
    expect(decodeGsmFile(damaged).samples).toHaveLength(150 * 160);
  });

  test('is recognized by one frame', () => {
    expect(decodeGsmFile(file.subarray(0, 33)).samples).toHaveLength(160);
  });
});

describe('what is not GSM', () => {
  const mp3 = Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\0', 'latin1'), Buffer.alloc(500, 0xff)]);
  test.each([
    { case: 'an empty file', file: Buffer.alloc(0), code: 'unknown-format' },
    { case: 'less than a frame', file: fixture('speech.gsm').subarray(0, 32), code: 'unknown-format' },
    { case: 'an MP3 file', file: mp3, code: 'unknown-format' },
    { case: 'HTML', file: Buffer.from('<!doctype html>'.repeat(20)), code: 'unknown-format' },
    { case: 'zeros', file: Buffer.alloc(3300), code: 'unknown-format' },
    { case: 'AVI', file: Buffer.from('RIFF\0\0\0\0AVI LIST'), code: 'unknown-format' },
    {
      case: 'a WAV file of PCM',
      file: wavOf([formatChunk({ tag: 1 }), dataChunk(audio)]),
      code: 'unsupported-codec',
    },
    {
      case: 'GSM with two channels',
      file: wavOf([gsmFormat({ channels: 2 }), dataChunk(audio)]),
      code: 'unsupported-codec',
    },
    {
      case: 'GSM in other blocks',
      file: wavOf([gsmFormat({ blockBytes: 41 }), dataChunk(audio)]),
      code: 'unsupported-codec',
    },
    {
      case: 'a WAV file without audio',
      file: wavOf([gsmFormat(), factChunk(960)]),
      code: 'header-incomplete',
    },
    { case: 'a WAV file without a format', file: wavOf([dataChunk(audio)]), code: 'header-incomplete' },
    {
      case: 'a WAV file that ends in its format',
      file: wavOf([gsmFormat(), dataChunk(audio)]).subarray(0, 24),
      code: 'header-incomplete',
    },
    {
      case: 'a WAV file with a short format',
      file: wavOf([{ name: 'fmt ', content: Buffer.alloc(14) }, dataChunk(audio)]),
      code: 'header-incomplete',
    },
    {
      case: 'the first bytes of a WAV file',
      file: Buffer.from('RIFF\0\0\0\0WAVE'),
      code: 'header-incomplete',
    },
  ])('is rejected: $case', ({ file, code }) => {
    expect(() => decodeGsmFile(file)).toThrow(expect.objectContaining({ name: 'AudioError', code }));
    expect(() => decodeGsmFile(file)).toThrow(AudioError);
  });
});
