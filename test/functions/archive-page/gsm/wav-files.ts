export interface Chunk {
  name: string;
  content: Uint8Array;
  /** The size that the header states. */
  size?: number;
}

/** A WAV file of these chunks, each padded to an even size. */
export function wavOf(chunks: readonly Chunk[], id = 'RIFF'): Buffer {
  const parts = chunks.flatMap(({ name, content, size = content.length }) => [
    Buffer.from(name, 'latin1'),
    uint32(size),
    content,
    Buffer.alloc(content.length % 2),
  ]);
  const body = Buffer.concat([Buffer.from('WAVE'), ...parts]);
  return Buffer.concat([Buffer.from(id), uint32(body.length), body]);
}

interface Format {
  tag: number;
  channels?: number;
  sampleRate?: number;
  blockBytes?: number;
  bits?: number;
  extension?: readonly number[];
}

/** A `fmt ` chunk. The default is 8 kHz mono. */
export function formatChunk({ tag, channels = 1, sampleRate = 8000, bits = 16, ...rest }: Format): Chunk {
  const { blockBytes = (channels * bits) / 8, extension = [] } = rest;
  const content = Buffer.alloc(16 + 2 * extension.length);
  content.writeUInt16LE(tag, 0);
  content.writeUInt16LE(channels, 2);
  content.writeUInt32LE(sampleRate, 4);
  content.writeUInt32LE(sampleRate * blockBytes, 8);
  content.writeUInt16LE(blockBytes, 12);
  content.writeUInt16LE(bits, 14);
  for (const [index, word] of extension.entries()) content.writeUInt16LE(word, 16 + 2 * index);
  return { name: 'fmt ', content };
}

/** GSM 06.10: two bytes of extension, which state 320 samples a block. */
export const gsmFormat = (changes: Partial<Format> = {}) =>
  formatChunk({ tag: 0x31, blockBytes: 65, bits: 0, extension: [2, 320], ...changes });

export const factChunk = (samples: number): Chunk => ({ name: 'fact', content: uint32(samples) });

export const dataChunk = (content: Uint8Array, size?: number): Chunk => ({
  name: 'data',
  content,
  ...(size !== undefined && { size }),
});

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
