/**
 * Makes the files in fixtures/ with SoX 14.4.2 and FFmpeg: `node test/functions/archive-page/gsm/make-fixtures.ts`. They
 * are committed, so that tests need neither. Another version may write other bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeWithSox } from './sox.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const temporary = mkdtempSync(join(tmpdir(), 'gsm-fixtures-'));
const names: string[] = [];

/** Arguments of SoX that generate audio. */
const INPUTS: Record<string, string> = {
  tones: 'synth 3 sine 100-3400 sine 697 remix - vol 0.7',
  // Noise below 3.4 kHz that swells five times a second, over a voice's pitch.
  speech: 'synth 3 pinknoise sawtooth 90-240 remix 1,2 sinc 200-3400 tremolo 5 90 vol 0.8',
  silence: 'trim 0 2',
  clipping: 'synth 2 square 300-900 sine 50 remix - gain 20',
  impulses: 'synth 0.000125 square pad 0 0.05 repeat 39',
};

rmSync(fixtures, { recursive: true, force: true });
mkdirSync(fixtures);
for (const [name, effects] of Object.entries(INPUTS)) {
  const input = join(temporary, `${name}.wav`);
  execFileSync('sox', ['-D', '-R', ...'-n -r 8000 -b 16'.split(' '), input, ...effects.split(' ')]);
  execFileSync('sox', ['-D', input, '-e', 'gsm-full-rate', add(`${name}.wav`)]);
  execFileSync('sox', ['-D', input, add(`${name}.gsm`)]);
}
for (const [name, codec] of Object.entries({ 'ffmpeg.wav': 'libgsm_ms', 'ffmpeg.gsm': 'libgsm' })) {
  const input = join(temporary, 'speech.wav');
  execFileSync('ffmpeg', ['-loglevel', 'error', '-i', input, '-c:a', codec, add(name)]);
}

// Arbitrary bits have lags and sums that no encoder produces. The generator is that of Numerical Recipes. With this seed,
// the first two lags of the raw file are invalid, so that the decoder's initial lag counts.
let state = 14;
const arbitraryBytes = (length: number) =>
  Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
const raw = arbitraryBytes(33 * 150).map((byte, index) => (index % 33 === 0 ? 0xd0 | (byte & 0xf) : byte));
writeFileSync(add('arbitrary-bits.gsm'), raw);
// The header of a file with one block, with the sizes of another number of blocks.
const blocks = 75;
const header = execFileSync('sox', '-D -n -r 8000 -e gsm-full-rate -t wav - trim 0 320s'.split(' '));
header.writeUInt32LE(52 + 65 * blocks + 1, 4);
header.writeUInt32LE(320 * blocks, 48);
header.writeUInt32LE(65 * blocks, 56);
const audio = arbitraryBytes(65 * blocks);
writeFileSync(add('arbitrary-bits.wav'), Buffer.concat([header.subarray(0, 60), audio, Buffer.alloc(1)]));

const files = names.map((name) => {
  const samples = decodeWithSox(join(fixtures, name));
  return `${createHash('sha256').update(samples).digest('hex')}  ${name}\n`;
});
writeFileSync(join(fixtures, 'decoded-by-sox.sha256'), files.join(''));
rmSync(temporary, { recursive: true });

/** Path of a fixture. */
function add(name: string): string {
  names.push(name);
  return join(fixtures, name);
}
