import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { decodeAudio } from '../../../../functions/archive-page/app/gsm/decode-audio.ts';
import { toWav } from '../../../../functions/archive-page/app/gsm/to-wav.ts';
import { readContainer } from '../../../../functions/shared/recordings/container.ts';
import { fc } from '../../../property.ts';
import { toBytes } from './fixtures.ts';
import { decodeWithSox, hasSox } from './sox.ts';

const samples = Int16Array.of(0, 1, -1, 32767, -32768, 256, -257);

test('the archive reads the sizes and the byte rate of the file', () => {
  const wav = Buffer.from(toWav(samples, 11025));
  expect(readContainer(wav, 'call.wav')).toMatchObject({
    format: 'riff',
    audioStartsAt: 44,
    bytesPerSecond: 22050,
  });
  expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
  expect(wav.readUInt32LE(40)).toBe(2 * samples.length);
});

test.runIf(hasSox)('SoX reads the same samples', () => {
  const directory = mkdtempSync(join(tmpdir(), 'to-wav-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'file.wav');
  writeFileSync(path, toWav(samples, 8000));
  expect(decodeWithSox(path).equals(toBytes(samples))).toBe(true);
});

test('any samples and rates are read back', () => {
  fc.assert(
    fc.property(fc.int16Array(), fc.integer({ min: 1, max: 192_000 }), (any, sampleRate) => {
      const decoded = decodeAudio(toWav(any, sampleRate));
      expect(decoded).toEqual({ codec: 'pcm', channels: 1, samples: any, sampleRate });
    }),
  );
});
