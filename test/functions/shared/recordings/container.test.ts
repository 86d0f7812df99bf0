import { describe, expect, test } from 'vitest';
import { type Container, readContainer } from '../../../../functions/shared/recordings/container.ts';
import { HEAD_BYTES } from '../../../../functions/shared/recordings/verification.ts';
import { COMPLETE_FILES, FILES_WITHOUT_SIZES, GSM_FRAME, UNFINISHED_FILES } from './encoder-files.ts';
import { chunk, GSM, wav } from './wav.ts';

const read = (file: Buffer): Container | undefined => readContainer(file.subarray(0, HEAD_BYTES), 'call.wav');

/** Length of the header of a plain WAV file. */
const HEADER_BYTES = 44;
const FACT = chunk('fact', Buffer.alloc(4));

const plainWav = { format: 'riff', audioStartsAt: HEADER_BYTES, bytesPerSecond: 16_000 };
const written = (totalBytes: number, audioEndsAt = totalBytes) => ({
  ...plainWav,
  sizes: 'written',
  totalBytes,
  audioEndsAt,
});

describe('a complete file', () => {
  test.each(COMPLETE_FILES)(
    'of $program states its own size and where its audio is: $content',
    ({ bytes, format, audioBytes, bytesPerSecond }) => {
      const container = read(bytes);
      expect(container).toMatchObject({ format, sizes: 'written', totalBytes: bytes.length, bytesPerSecond });
      const { audioStartsAt = 0, audioEndsAt = 0 } = container ?? {};
      expect(audioEndsAt - audioStartsAt).toBe(audioBytes);
    },
  );

  const samples = Buffer.from(Int16Array.from({ length: 10 }, (_, index) => 1000 * index - 5000).buffer);
  const pcmFiles = COMPLETE_FILES.filter(({ audioBytes }) => audioBytes === samples.length);
  test.each(pcmFiles)('of $program has its samples there: $content', ({ bytes }) => {
    const { audioStartsAt, audioEndsAt } = read(bytes) ?? {};
    const audio = bytes.subarray(audioStartsAt, audioEndsAt);
    expect([samples, Buffer.from(samples).swap16()]).toContainEqual(audio);
  });

  test.each(COMPLETE_FILES)('of $program states nothing else if cut off: $content', ({ bytes }) => {
    for (let length = 24; length < bytes.length; length++) {
      const cut = read(bytes.subarray(0, length));
      const { sizes, ...known } = cut ?? {};
      expect(cut?.format).toBeDefined();
      expect(read(bytes)).toMatchObject(JSON.parse(JSON.stringify(known)));
    }
  });
});

describe('a WAV file', () => {
  test('may have any number of other chunks before its audio, even of odd sizes', () => {
    const list = chunk('LIST', Buffer.from('INFOISFT\x05\0\0\0Boa!\0\0', 'latin1'));
    const odd = chunk('note', Buffer.from('odd'));
    const file = wav({ chunks: [list, odd, FACT] });
    expect(read(file)).toEqual({ ...written(file.length), audioStartsAt: file.length - 320 });
  });

  test('may have chunks after its audio', () => {
    const trailer = chunk('LIST', Buffer.from('INFO'));
    const file = Buffer.concat([wav({ riffSize: 36 + 320 + trailer.length }), trailer]);
    expect(read(file)).toEqual(written(file.length, HEADER_BYTES + 320));
  });

  test('may contain no audio', () => {
    expect(read(wav({ audioBytes: 0 }))).toEqual(written(HEADER_BYTES));
    const filler = chunk('FLLR', Buffer.alloc(4096 - HEADER_BYTES - 8));
    expect(read(wav({ audioBytes: 0, chunks: [filler] }))).toEqual({ ...written(4096), audioStartsAt: 4096 });
  });

  // Asterisk, `formats/format_wav_gsm.c`: blocks of 65 bytes, and no padding byte.
  test('may contain GSM of Asterisk, whose odd blocks are not padded', () => {
    const file = wav({ format: GSM, chunks: [FACT], audioBytes: 65, riffSize: 52 + 65 }).subarray(0, 125);
    expect(read(file)).toEqual({ ...written(125), audioStartsAt: 60, bytesPerSecond: 1625 });
  });

  test('gives its size even if cut off after the first 8 bytes', () => {
    const file = wav();
    expect(read(file.subarray(0, 7))).toEqual({ format: 'riff', sizes: 'unwritten' });
    for (let length = 8; length < HEADER_BYTES; length++) {
      expect(read(file.subarray(0, length))).toMatchObject({ sizes: 'written', totalBytes: file.length });
    }
    expect(read(file.subarray(0, HEADER_BYTES))).toEqual(written(file.length));
  });

  test('may keep its audio beyond what is read', () => {
    const file = wav({ chunks: [chunk('bext', Buffer.alloc(HEAD_BYTES))] });
    const { audioStartsAt, audioEndsAt, ...container } = written(file.length);
    expect(read(file)).toEqual(container);
  });
});

describe('the byte rate of a WAV file', () => {
  /** Mono at 8 kHz, in samples of 16 bits. */
  const formatWith = (byteRate: number, { tag = 1, sampleRate = 8000, blockBytes = 2 } = {}) => {
    const format = Buffer.from('01000100401f0000803e000002001000', 'hex');
    format.writeUInt16LE(tag, 0);
    format.writeUInt32LE(sampleRate, 4);
    format.writeUInt32LE(byteRate, 8);
    format.writeUInt16LE(blockBytes, 12);
    return format;
  };

  test.each([
    ['0', 0],
    ['the sample rate', 8000],
    ['twice the right one', 32_000],
    ['0xFFFFFFFF', 0xffffffff],
  ])('follows from the sample rate if it is nonsense: %s', (_, byteRate) => {
    expect(read(wav({ format: formatWith(byteRate) }))).toEqual(written(364));
    expect(read(wav({ format: formatWith(byteRate, { blockBytes: 0 }) }))).toEqual(written(364));
  });

  test('is unknown if nothing tells it', () => {
    const { bytesPerSecond, ...rest } = written(364);
    expect(read(wav({ format: formatWith(16_000, { sampleRate: 0 }) }))).toEqual(rest);
  });

  test('is taken from formats that have no fixed one', () => {
    const G722 = 0x28f;
    expect(read(wav({ format: formatWith(8000, { tag: G722 }) }))?.bytesPerSecond).toBe(8000);
    expect(read(wav({ format: formatWith(0, { tag: G722 }) }))?.bytesPerSecond).toBeUndefined();
  });
});

describe('sizes of 64 bits', () => {
  const FIVE_GIB = 5 * 2 ** 30;

  function rf64({ id = 'RF64', riffSize = 0xffffffff, dataSize = 0xffffffff } = {}): Buffer {
    const ds64 = Buffer.alloc(28);
    ds64.writeBigUInt64LE(BigInt(FIVE_GIB + 72), 0);
    ds64.writeBigUInt64LE(BigInt(FIVE_GIB), 8);
    const [riff, format, ...rest] = [wav().subarray(8, 12), wav().subarray(12, 36), wav().subarray(36)];
    const file = Buffer.concat([Buffer.alloc(8, id), riff, chunk('ds64', ds64), format, ...rest]);
    file.writeUInt32LE(riffSize, 4);
    file.writeUInt32LE(dataSize, 76);
    return file;
  }

  test.each(['RF64', 'BW64'])('are in the ds64 chunk of %s', (id) => {
    expect(read(rf64({ id }))).toEqual({
      ...written(FIVE_GIB + 80, FIVE_GIB + 80),
      audioStartsAt: 80,
    });
  });

  test('count only where the field of 32 bits says so', () => {
    expect(read(rf64({ riffSize: 392, dataSize: 320 }))).toEqual({ ...written(400), audioStartsAt: 80 });
  });

  test('may exceed 4 GiB in W64', () => {
    const w64 = Buffer.from(COMPLETE_FILES.find(({ format }) => format === 'w64')?.bytes ?? []);
    w64.writeBigUInt64LE(BigInt(FIVE_GIB + 104), 16);
    w64.writeBigUInt64LE(BigInt(FIVE_GIB + 24), 96);
    expect(read(w64)).toMatchObject({
      sizes: 'written',
      totalBytes: FIVE_GIB + 104,
      audioEndsAt: FIVE_GIB + 104,
    });
  });
});

describe('an unfinished file', () => {
  test.each(UNFINISHED_FILES)(
    'of $program has no sizes, $content',
    ({ bytes, format, audioStartsAt, bytesPerSecond }) => {
      const container = read(bytes);
      expect(container).toEqual({ format, sizes: 'unwritten', audioStartsAt, bytesPerSecond });
    },
  );

  /** RIFF size and `data` size, from the source code of programs that do not run here. */
  test.each([
    ['Asterisk, formats/format_wav.c', 0, 0],
    ['SoX after 14.4.2, src/wav.c, from a stream', 36, 0xffffffff],
    ['arecord, aplay/aplay.c, without a duration', 0x80000024, 0x80000000],
    ['arecord, aplay/aplay.c, of unknown length', 0x7fffff24, 0x7fffff00],
    ['the npm package wav 1.0, lib/writer.js', 0xffffffbf, 0xffffff9b],
  ])('has no sizes: %s', (_, riffSize, dataSize) => {
    expect(read(wav({ riffSize, dataSize }))).toEqual({ ...plainWav, sizes: 'unwritten' });
  });

  test('has no sizes: Asterisk, formats/format_wav_gsm.c', () => {
    const file = wav({ format: GSM, chunks: [FACT], audioBytes: 130, riffSize: 0, dataSize: 0 });
    const sizes = { format: 'riff', sizes: 'unwritten', audioStartsAt: 60, bytesPerSecond: 1625 };
    expect(read(file)).toEqual(sizes);
  });

  test.each([0, 0xffffffff])('may have %s for the size of its audio only', (dataSize) => {
    const sizes = { ...plainWav, sizes: 'unwritten', totalBytes: HEADER_BYTES + 320 };
    expect(read(wav({ dataSize }))).toEqual(sizes);
  });

  test.each([0, 0xffffffff])('may have %s for the size of the file only', (riffSize) => {
    const sizes = { ...plainWav, sizes: 'unwritten', audioEndsAt: HEADER_BYTES + 320 };
    expect(read(wav({ riffSize }))).toEqual(sizes);
  });
});

describe('sizes that are wrong are given as they are', () => {
  test.each([
    ['written once for an empty file', 36, 0, 44, 44],
    ['the size of the file counts its own header', 364, 320, 372, 364],
    ['the size of the file is off by 28', 328, 320, 336, 364],
    ['the size of the audio is that of the file', 356, 364, 364, 408],
    ['written a second ago', 36 + 160, 160, 204, 204],
  ])('%s', (_, riffSize, dataSize, totalBytes, audioEndsAt) => {
    expect(read(wav({ riffSize, dataSize }))).toEqual(written(totalBytes, audioEndsAt));
  });

  test('written once for an empty file with a header of 4096 bytes', () => {
    const filler = chunk('FLLR', Buffer.alloc(4096 - HEADER_BYTES - 8));
    const file = wav({ chunks: [filler], riffSize: 4088, dataSize: 0 });
    expect(read(file)).toEqual({ ...written(4096), audioStartsAt: 4096 });
  });

  test('an AU file is empty only if it ends there', () => {
    const header = Buffer.from('2e736e6400000018000000000000000100001f4000000001', 'hex');
    expect(read(header)).toMatchObject({ sizes: 'written', totalBytes: 24, audioEndsAt: 24 });
    expect(read(Buffer.concat([header, Buffer.alloc(8)]))).toMatchObject({ sizes: 'unwritten' });
  });
});

describe('a format without sizes', () => {
  test.each(FILES_WITHOUT_SIZES)(
    'is recognized: $content of $program',
    ({ bytes, format, audioStartsAt, bytesPerSecond }) => {
      expect(read(bytes)).toEqual({ format, sizes: 'none', audioStartsAt, bytesPerSecond });
    },
  );

  test('is recognized if its tag is longer than what is read', () => {
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\x08\0\0', 'latin1'), Buffer.alloc(HEAD_BYTES)]);
    expect(read(tag)).toEqual({ format: 'mp3', sizes: 'none' });
  });

  test('may be raw GSM, which only its name tells', () => {
    const file = Buffer.concat([GSM_FRAME, GSM_FRAME]);
    const gsm = { format: 'gsm', sizes: 'none', audioStartsAt: 0, bytesPerSecond: 1650 };
    expect(readContainer(file, 'call.gsm')).toEqual(gsm);
    expect(readContainer(file, 'CALL.GSM')).toEqual(gsm);
    expect(readContainer(file, 'call.gsm.wav')).toBeUndefined();
    expect(readContainer(Buffer.alloc(330), 'call.gsm')).toBeUndefined();
    expect(readContainer(Buffer.alloc(0), 'call.gsm')).toBeUndefined();
  });

  test.each(['call.gsm', 'call.yswav', 'call'])('is not concluded from a name: %s', (name) => {
    expect(readContainer(wav(), name)).toEqual(written(364));
    expect(readContainer(Buffer.alloc(1000, 0x2a), name)).toBeUndefined();
  });
});

describe('no audio', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');

  test.each([
    ['an empty file', Buffer.alloc(0)],
    ['three letters', Buffer.from('RIF')],
    ['audio that contains "RIFF"', Buffer.from('\0RIFF\0\0\0')],
    ['64 KiB of zeros', Buffer.alloc(HEAD_BYTES)],
    ['64 KiB of 0xFF', Buffer.alloc(HEAD_BYTES, 0xff)],
    ['JSON', Buffer.from('{"status":"Failed","errno":"20006"}\0')],
    ['text with ESC', Buffer.from('\x1b[31mnot found\x1b[0m')],
    ['gzip', latin1('\x1f\x8b\x08\0\0\0\0\0\0\x03RIFF')],
    ['PNG', latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')],
    ['JPEG', latin1('\xff\xd8\xff\xe0\0\x10JFIF')],
    ['ZIP', latin1('PK\x03\x04\x14\0')],
    ['ELF', latin1('\x7fELF\x02\x01\x01')],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['WebP, in RIFF', latin1('RIFF\x24\0\0\0WEBPVP8 ')],
    ['AVI, in RIFF', latin1('RIFF\x24\0\0\0AVI LIST')],
    ['an IFF image, in FORM', latin1('FORM\0\0\0\x24ILBMBMHD')],
    ['HEIC, in MP4', latin1('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
    ['AVIF, in MP4', latin1('\0\0\0\x1cftypavif\0\0\0\0avifmif1')],
    ['text that starts like a tag', Buffer.from('ID3 is a format of tags.')],
    ['a tag before AAC', latin1(`ID3\x03\0\0\0\0\0\x04\0\0\0\0\xff\xf1\x50\x80${'\0'.repeat(20)}`)],
    ['UTF-16 text with a byte order mark', Buffer.from('\uFEFF{"a":1}', 'utf16le')],
    // ISO/IEC 11172-3, 2.4.2.3: reserved version, layer, bitrate and sample rate.
    ['a frame of a reserved version', latin1('\xff\xea\x18\xc4')],
    ['a frame of a reserved layer', latin1('\xff\xe1\x18\xc4')],
    ['a frame of a reserved bitrate', latin1('\xff\xe3\xf8\xc4')],
    ['a frame of a reserved sample rate', latin1('\xff\xe3\x1c\xc4')],
    ['a frame that is cut off', latin1('\xff\xe3')],
  ])('is recognized in %s', (_, file) => {
    expect(read(file)).toBeUndefined();
  });
});
