const HEADER_BYTES = 44;
const SAMPLE_BYTES = 2;

/** A WAV file of 16-bit PCM, which every browser plays, from the samples of one channel. */
export function toWav(samples: Int16Array, sampleRate: number): Uint8Array<ArrayBuffer> {
  const audioBytes = samples.length * SAMPLE_BYTES;
  const wav = new Uint8Array(HEADER_BYTES + audioBytes);
  const view = new DataView(wav.buffer);
  const writeName = (offset: number, name: string) =>
    wav.set(
      Array.from(name, (character) => character.charCodeAt(0)),
      offset,
    );
  writeName(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + audioBytes, true);
  writeName(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * SAMPLE_BYTES, true);
  view.setUint16(32, SAMPLE_BYTES, true);
  view.setUint16(34, 8 * SAMPLE_BYTES, true);
  writeName(36, 'data');
  view.setUint32(40, audioBytes, true);
  samples.forEach((sample, index) => {
    view.setInt16(HEADER_BYTES + index * SAMPLE_BYTES, sample, true);
  });
  return wav;
}
