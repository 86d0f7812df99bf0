import { execFileSync } from 'node:child_process';
import { hasTool } from '../../../has-tool.ts';

/** SoX decodes GSM with libgsm. It is not a dependency of the project; tests use it where it is installed. */
export const hasSox = hasTool('sox');

/** Samples of an audio file as SoX decodes it: 16 bits, little-endian, interleaved. `-D` switches dithering off. */
export const decodeWithSox = (path: string): Buffer =>
  execFileSync('sox', ['-D', path, '-t', 'raw', '-e', 'signed', '-b', '16', '-L', '-'], {
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
