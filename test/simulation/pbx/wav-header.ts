import type { Random } from '../engine/random.ts';

const HEADER_BYTES = 44;

/** The two sizes in the header of a WAV file: that of the file without its first eight bytes, and that of the audio. */
export interface HeaderSizes {
  riff: number;
  data: number;
}

export const trueSizes = ({ length }: Buffer): HeaderSizes => ({
  riff: length - 8,
  data: length - HEADER_BYTES,
});

/** What recorders write while they record: Asterisk 0, FFmpeg 0xFFFFFFFF, SoX 0x7FFFF024 and 0x7FFFF000. */
export const drawUnwrittenSizes = (random: Random): HeaderSizes =>
  random.pick([
    { riff: 0, data: 0 },
    { riff: 0xffffffff, data: 0xffffffff },
    { riff: 0x7ffff024, data: 0x7ffff000 },
  ]);

/** A complete file whose header states other sizes, as some recorders write it. */
export function drawLyingSizes(audio: Buffer, random: Random): { bytes: Buffer } {
  const right = trueSizes(audio);
  const trailer = random.pick([
    Buffer.concat([Buffer.from('LIST\x0e\0\0\0INFOISFT\x02\0\0\0a\0', 'latin1')]),
    Buffer.alloc(1024 - (audio.length % 512)),
    Buffer.from('\r\n\0'),
  ]);
  return random.pick<() => { bytes: Buffer }>([
    // The writer forgot to subtract the eight bytes.
    () => ({ bytes: writeHeader(audio, { ...right, riff: audio.length }) }),
    () => ({ bytes: writeHeader(audio, { ...right, riff: right.riff - 28 }) }),
    () => ({ bytes: writeHeader(audio, { ...right, data: audio.length }) }),
    // Written once, for an empty file.
    () => ({ bytes: writeHeader(audio, { riff: 36, data: 0 }) }),
    () => ({ bytes: writeHeader(audio, { riff: 4088, data: 4052 }) }),
    // Bytes behind the end that nothing counts.
    () => ({ bytes: Buffer.concat([writeHeader(audio, right), trailer]) }),
  ])();
}

/** Writes the header of 16-bit mono PCM, at a thousandth of the usual 8,000 samples a second, into the first bytes. */
export function writeHeader(bytes: Buffer, { riff, data }: HeaderSizes): Buffer {
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(riff, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(8, 24);
  bytes.writeUInt32LE(16, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(data, 40);
  return bytes;
}
