export interface WavOptions {
  /** Number of audio bytes in the file. */
  audioBytes?: number;
  /** The sizes in the header, if they are wrong. */
  riffSize?: number;
  dataSize?: number;
  /** Content of the `fmt ` chunk; PCM, 8 kHz, 16 bit, mono by default. */
  format?: Buffer;
  /** Chunks between the format and the audio. */
  chunks?: Buffer[];
}

const PCM = Buffer.from('01000100401f0000803e000002001000', 'hex');

/** Microsoft's GSM 6.10 codec (WAV49), with blocks of 65 bytes. */
export const GSM = Buffer.from('3100010040 1f0000590600004100000002004001'.replaceAll(' ', ''), 'hex');

/** A RIFF chunk, padded to an even length. */
export function chunk(name: string, content: Buffer, size = content.length): Buffer {
  const header = Buffer.alloc(8, name, 'latin1');
  header.writeUInt32LE(size, 4);
  return Buffer.concat([header, content, Buffer.alloc(content.length % 2)]);
}

/** A WAV file, whose header may have wrong sizes. */
export function wav({
  audioBytes = 320,
  riffSize,
  dataSize,
  format = PCM,
  chunks = [],
}: WavOptions = {}): Buffer {
  const audio = Buffer.from(Array.from({ length: audioBytes }, (_, index) => (index * 37) % 256));
  const content = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('fmt ', format),
    ...chunks,
    chunk('data', audio, dataSize ?? audio.length),
  ]);
  return chunk('RIFF', content, riffSize ?? content.length);
}
