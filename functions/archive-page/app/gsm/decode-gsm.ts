import {
  createFrameParameters,
  FRAME_SAMPLES,
  hasSignature,
  RAW_FRAME_BYTES,
  unpackRawFrame,
  unpackWav49Frame,
  WAV49_BLOCK_BYTES,
  WAV49_BLOCK_SAMPLES,
} from './frame.ts';
import { GsmDecoder } from './gsm-decoder.ts';

/** `raw`: frames of 33 bytes. `wav49`: the blocks of 65 bytes of WAV files with the format tag 0x31. */
export type GsmFormat = 'raw' | 'wav49';

/**
 * Decodes GSM 06.10 full rate to 16-bit samples at 8 kHz, with the samples that SoX and libgsm make of it. Ignores an
 * incomplete frame or block at the end, as SoX does.
 *
 * A raw frame without its signature becomes 20 ms of silence. The decoder keeps its state, as in libgsm, which rejects the
 * frame. SoX stops there; but one damaged frame must not end a recording, nor shift what comes after it.
 */
export function decodeGsm(bytes: Uint8Array, format: GsmFormat): Int16Array<ArrayBuffer> {
  return format === 'raw' ? decodeRaw(bytes) : decodeWav49(bytes);
}

function decodeRaw(bytes: Uint8Array): Int16Array<ArrayBuffer> {
  const frames = Math.floor(bytes.length / RAW_FRAME_BYTES);
  const samples = new Int16Array(frames * FRAME_SAMPLES);
  const decoder = new GsmDecoder();
  const parameters = createFrameParameters();
  for (let frame = 0; frame < frames; frame++) {
    const offset = frame * RAW_FRAME_BYTES;
    if (!hasSignature(bytes, offset)) continue;
    unpackRawFrame(bytes, offset, parameters);
    decoder.decode(parameters, samples, frame * FRAME_SAMPLES);
  }
  return samples;
}

function decodeWav49(bytes: Uint8Array): Int16Array<ArrayBuffer> {
  const blocks = Math.floor(bytes.length / WAV49_BLOCK_BYTES);
  const samples = new Int16Array(blocks * WAV49_BLOCK_SAMPLES);
  const decoder = new GsmDecoder();
  const parameters = createFrameParameters();
  for (let block = 0; block < blocks; block++) {
    for (const half of [0, 1]) {
      unpackWav49Frame(bytes, block * WAV49_BLOCK_BYTES, half, parameters);
      decoder.decode(parameters, samples, block * WAV49_BLOCK_SAMPLES + half * FRAME_SAMPLES);
    }
  }
  return samples;
}
