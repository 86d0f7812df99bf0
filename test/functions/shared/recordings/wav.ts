export interface WavOptions {
  /** Bytes of audio that are there. */
  audioBytes?: number;
  /** What the header says, where it is wrong. */
  riffSize?: number;
  dataSize?: number;
  /** The `fmt ` chunk's content; PCM, 8 kHz, 16 bit, mono by default. */
  format?: Buffer;
  /** Between the format and the audio. */
  chunks?: Buffer[];
}

const PCM = Buffer.from('01000100401f0000803e000002001000', 'hex');

/** As Microsoft's GSM 6.10 codec (WAV49) has it: blocks of 65 bytes. */
export const GSM = Buffer.from('3100010040 1f0000590600004100000002004001'.replaceAll(' ', ''), 'hex');

/** A RIFF chunk, padded to an even length. */
export function chunk(name: string, content: Buffer, size = content.length): Buffer {
  const header = Buffer.alloc(8, name, 'latin1');
  header.writeUInt32LE(size, 4);
  return Buffer.concat([header, content, Buffer.alloc(content.length % 2)]);
}

/** A WAV file with a header as wrong as wanted. */
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
