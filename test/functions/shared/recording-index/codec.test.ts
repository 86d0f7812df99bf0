import { describe, expect, test } from 'vitest';
import { readAudio, START_BYTES } from '../../../../functions/shared/recording-index/codec.ts';
import { COMPLETE_FILES } from '../recordings/encoder-files.ts';

/** By what the program was told to write; PCM unless it says otherwise. */
const CODECS: readonly [RegExp, string][] = [
  [/µ-law/, 'ulaw'],
  [/A-law/, 'alaw'],
  [/GSM/, 'gsm'],
  [/ADPCM/, 'adpcm'],
  [/./, 'pcm'],
];

describe('codec and duration of a file that a real program wrote', () => {
  test.each(COMPLETE_FILES)(
    '$program: $content',
    ({ content, bytes, audioBytes = 0, bytesPerSecond = 1 }) => {
      const { codec, seconds } = readAudio(bytes.subarray(0, START_BYTES), 'call.wav', bytes.length);
      expect(codec).toBe(CODECS.find(([pattern]) => pattern.test(content))?.[1]);
      expect(seconds).toBe(Math.round((1000 * audioBytes) / bytesPerSecond) / 1000);
    },
  );
});

test('raw GSM has 33 bytes for 20 ms', () => {
  const frame = Buffer.alloc(33, 0xd0);
  const bytes = Buffer.concat(Array.from({ length: 100 }, () => frame));
  expect(readAudio(bytes, 'call.gsm', 33 * 500)).toEqual({ codec: 'gsm', seconds: 10 });
});

describe('MP3', () => {
  /** MPEG 2.5, layer III, 16 kbit/s at 8 kHz, mono: 144 bytes for 72 ms. */
  const frame = Buffer.concat([Buffer.from('ffe328c4', 'hex'), Buffer.alloc(140)]);
  const frames = Buffer.concat(Array.from({ length: 28 }, () => frame));

  test('with a constant bit rate has the duration that follows from its size', () => {
    expect(readAudio(frames, 'call.mp3', 144 * 1000)).toEqual({ codec: 'mp3', seconds: 72 });
  });

  test('has the number of frames that its encoder states, after a tag', () => {
    const first = Buffer.from(frame);
    first.write('Xing', 13, 'latin1');
    first.writeUInt32BE(1, 17);
    first.writeUInt32BE(250, 21);
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\x0a', 'latin1'), Buffer.alloc(10)]);
    const bytes = Buffer.concat([tag, first, frames]);
    expect(readAudio(bytes, 'call.mp3', bytes.length)).toEqual({ codec: 'mp3', seconds: 18 });
  });

  test('with a variable bit rate and no count says nothing', () => {
    const other = Buffer.concat([Buffer.from('ffe348c4', 'hex'), Buffer.alloc(284)]);
    expect(readAudio(Buffer.concat([frame, other, frame]), 'call.mp3', 5000)).toEqual({
      codec: 'mp3',
      seconds: undefined,
    });
  });
});

test.each([
  ['an unknown format', Buffer.from([1, 2, 3, 4])],
  ['nothing', Buffer.alloc(0)],
])('%s has no duration', (_, bytes) => {
  expect(readAudio(bytes, 'call.wav', bytes.length)).toEqual({ codec: 'other', seconds: undefined });
});
