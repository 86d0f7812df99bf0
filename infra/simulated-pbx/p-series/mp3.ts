/** Header of an MPEG-1 Layer III frame at 32 kbit/s and 32 kHz, without padding. */
const FRAME_HEADER = Buffer.from([0xff, 0xfb, 0x18, 0xc4]);
const FRAME_BYTES = 144;

/** Frames of silence, whose number alone depends on the recording. An empty recording stays empty. */
export function toMp3(wav: Buffer): Buffer {
  if (wav.length === 0) return wav;
  const frame = Buffer.concat([FRAME_HEADER, Buffer.alloc(FRAME_BYTES - FRAME_HEADER.length)]);
  const frames = Math.max(1, Math.round(wav.length / 16 / 36));
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}
