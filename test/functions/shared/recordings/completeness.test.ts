import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type Expectation,
  Unverified,
  verify,
} from '../../../../functions/shared/recordings/completeness.ts';
import { readContainer } from '../../../../functions/shared/recordings/container.ts';
import { isSound } from '../../../../functions/shared/recordings/verified-by.ts';
import { chunk, GSM, wav } from './wav.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const ENDED = Date.UTC(2026, 0, 1);
/** When every recorder has finished. */
const LATER = ENDED + 2 * HOUR_MS;

const RAW_GSM = Buffer.alloc(330, 0xd4);
/** A frame of MPEG-1 Layer III at 32 kHz: 36 ms. */
const frame = (kbitsPerSecond: 32 | 64) =>
  Buffer.alloc(
    (144 * kbitsPerSecond) / 32,
    Buffer.from([0xff, 0xfb, kbitsPerSecond === 32 ? 0x18 : 0x58, 0xc4]),
  ).fill(0, 4);

/** An MP3 file; of variable bit rate, with its encoder's header and numbers of frames and bytes. */
function mp3(seconds: number, { isVariable = false } = {}): Buffer {
  const count = Math.round(seconds / 0.036);
  const frames = Array.from({ length: count }, (_, index) => frame(isVariable && index % 2 === 1 ? 64 : 32));
  if (!isVariable) return Buffer.concat(frames);
  const file = Buffer.concat([frame(64), ...frames]);
  // After four bytes of the frame's header and 17 of side information.
  file.write('Xing', 21, 'latin1');
  file.writeUInt32BE(0b11, 25);
  file.writeUInt32BE(count, 29);
  file.writeUInt32BE(file.length, 33);
  return file;
}

const ODD = Buffer.from('yswav\x01\x02\x03', 'latin1');

interface Look {
  /** The length that the PBX announces; that of the file by default. */
  announced?: number | 'nothing';
  received?: number;
  name?: string;
  talkSeconds?: number;
  now?: number;
  /** How long ago an earlier download of the same bytes ended. */
  unchangedForMs?: number;
}

/** What the recording is verified by, or the error. */
function look(file: Buffer, options: Look = {}) {
  const { received = file.length, name = 'call.wav', talkSeconds, now = LATER, unchangedForMs } = options;
  const body = file.subarray(0, received);
  const download = { bytes: body.length, crc32: crc32(body) };
  const { announced = file.length } = options;
  const expectation: Expectation = {
    totalBytes: announced === 'nothing' ? undefined : announced,
    container: readContainer(body, name),
    talkSeconds,
    endedAt: ENDED,
    earlier: unchangedForMs === undefined ? undefined : { ...download, at: now - unchangedForMs },
  };
  try {
    return verify(download, expectation, now);
  } catch (error) {
    return error;
  }
}

const unverified = { code: 'recording-unverified', kind: 'transient' };
const incomplete = { code: 'recording-incomplete', kind: 'transient' };
const unfinished = { code: 'recording-unfinished', kind: 'transient' };

describe('an ordinary recording is archived at the first look, right after the call:', () => {
  test.each<[string, Buffer, Look, string[]]>([
    ['WAV with a length', wav(), {}, ['content-length', 'riff-header']],
    ['WAV without a length', wav(), { announced: 'nothing' }, ['riff-header']],
    [
      'WAV of an odd size, padded',
      wav({ audioBytes: 65, format: GSM }),
      {},
      ['content-length', 'riff-header'],
    ],
    ['WAV without audio', wav({ audioBytes: 0 }), {}, ['content-length', 'riff-header']],
    ['raw GSM with a length', RAW_GSM, { name: 'call.gsm' }, ['content-length']],
    ['MP3 as long as the call', mp3(10), { name: 'call.mp3', talkSeconds: 10 }, ['content-length']],
    [
      'MP3 of variable bit rate',
      mp3(10, { isVariable: true }),
      { name: 'call.mp3', talkSeconds: 10 },
      ['content-length'],
    ],
    [
      'WAV of a call without a conversation',
      wav({ audioBytes: 0 }),
      { talkSeconds: 0 },
      ['content-length', 'riff-header'],
    ],
    [
      'a talk time that the audio reaches',
      wav({ audioBytes: 80_000 }),
      { talkSeconds: 10 },
      ['content-length', 'riff-header'],
    ],
  ])('%s', (_, file, options, verifiedBy) => {
    expect(look(file, { ...options, now: ENDED + 5 * SECOND_MS })).toEqual(verifiedBy);
  });
});

test('a WAV file of odd size may leave out its padding', () => {
  const file = wav({ audioBytes: 65, riffSize: 36 + 65 });
  expect(file).toHaveLength(44 + 66);
  for (const whole of [file, file.subarray(0, -1)])
    expect(look(whole, { announced: 'nothing' })).toEqual(['riff-header']);
});

describe('a recording is incomplete', () => {
  test('when it is shorter than the PBX announced', () => {
    expect(look(RAW_GSM, { announced: 331, name: 'call.gsm' })).toMatchObject(incomplete);
    expect(look(wav(), { announced: 365 })).toMatchObject(incomplete);
  });

  test('wherever a WAV file without a length is cut', () => {
    const file = wav({ format: GSM, chunks: [chunk('fact', Buffer.alloc(4))], audioBytes: 130 });
    for (let received = 44; received < file.length; received += 1) {
      expect(look(file, { announced: 'nothing', received })).toMatchObject(incomplete);
    }
  });

  test('and stays so for an hour, even if the connection is always cut at the same byte', () => {
    const cut = { announced: 'nothing', received: 200 } as const;
    expect(look(wav(), { ...cut, unchangedForMs: HOUR_MS - 1 })).toMatchObject(incomplete);
    expect(look(wav(), { ...cut, unchangedForMs: HOUR_MS })).toEqual([
      'identical-downloads',
      'header-states-more',
    ]);
  });
});

test('a recording that is longer than the PBX announced is inconsistent', () => {
  expect(look(RAW_GSM, { announced: 329, name: 'call.gsm' })).toMatchObject({
    code: 'recording-inconsistent',
  });
});

test('a recording of 0 bytes is empty', () => {
  const empty = { code: 'recording-empty', kind: 'empty' };
  for (const announced of [0, 'nothing'] as const)
    expect(look(Buffer.alloc(0), { announced })).toMatchObject(empty);
});

/** Headers that lie although the file is whole, as streaming, killed and careless programs leave them. */
const LIES: [string, Buffer][] = [
  ['RIFF size = length of the file, 8 too many', wav({ riffSize: 364 })],
  ['RIFF size 28 too small', wav({ riffSize: 356 - 28 })],
  ['size of the audio = length of the file', wav({ dataSize: 364 })],
  ['a pad byte that is counted but not written', wav({ format: GSM, audioBytes: 65 }).subarray(0, -1)],
  ['a LIST chunk after the end', Buffer.concat([wav(), chunk('LIST', Buffer.from('INFOsoftware'))])],
  ['padding to 512 bytes', Buffer.concat([wav(), Buffer.alloc(512 - 364)])],
  ['CR LF after the end', Buffer.concat([wav(), Buffer.from('\r\n')])],
  ['written once for an empty file', wav({ riffSize: 36, dataSize: 0 })],
  ['written once for an empty file of 4 KiB', wav({ riffSize: 4088, dataSize: 0, audioBytes: 8000 })],
];

describe.each(LIES)('a whole file whose header lies (%s)', (_, file) => {
  test('is archived with that doubt when a second download, two minutes later, has the same bytes', () => {
    expect(look(file)).toMatchObject(unverified);
    expect(look(file, { unchangedForMs: 2 * MINUTE_MS - 1 })).toMatchObject(unverified);
    const verifiedBy = look(file, { unchangedForMs: 2 * MINUTE_MS });
    expect(verifiedBy).toEqual(['content-length', 'identical-downloads', 'header-contradicts']);
  });
});

describe('without a length', () => {
  test.each<[string, Buffer, string, string[]]>([
    ['raw GSM', RAW_GSM, 'call.gsm', []],
    ['Ogg', Buffer.from('OggS\0\x02\0\0', 'latin1'), 'call.ogg', []],
    [
      'WAV whose sizes were never written',
      wav({ riffSize: 0, dataSize: 0 }),
      'call.wav',
      ['header-unwritten'],
    ],
    ['an unknown format', ODD, 'call.yswav', ['unknown-format']],
  ])('%s needs a second download with the same bytes', (_, file, name, doubts) => {
    expect(look(file, { announced: 'nothing', name })).toMatchObject(unverified);
    const verifiedBy = look(file, { announced: 'nothing', name, unchangedForMs: 2 * MINUTE_MS });
    expect(verifiedBy).toEqual(['identical-downloads', ...doubts]);
  });

  test('another second download starts the wait anew', () => {
    const now = LATER;
    const earlier = { bytes: 330, crc32: crc32(RAW_GSM) ^ 1, at: now - HOUR_MS };
    const container = readContainer(RAW_GSM, 'call.gsm');
    const download = { bytes: 330, crc32: crc32(RAW_GSM) };
    const check = () => verify(download, { container, endedAt: ENDED, earlier }, now);
    expect(check).toThrow(expect.objectContaining({ ...unverified, download: { ...download, at: now } }));
  });
});

describe('an unknown format with a length needs a second download:', () => {
  test.each([
    ['zeros', Buffer.alloc(65536)],
    ['0xff', Buffer.alloc(65536, 0xff)],
    ['PNG', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')],
    ['ZIP', Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1')],
    ['ELF', Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1')],
  ])('%s', (_, file) => {
    expect(look(file)).toMatchObject(unverified);
    const verifiedBy = look(file, { unchangedForMs: 2 * MINUTE_MS });
    expect(verifiedBy).toEqual(['content-length', 'identical-downloads', 'unknown-format']);
  });
});

describe('while the recorder may still be writing', () => {
  const GROWING: [string, Buffer, Look, string][] = [
    ['sizes 0 (Asterisk)', wav({ riffSize: 0, dataSize: 0 }), {}, 'header-unwritten'],
    [
      'sizes 0xffffffff (ffmpeg)',
      wav({ riffSize: 0xffffffff, dataSize: 0xffffffff }),
      {},
      'header-unwritten',
    ],
    [
      'a header that is right after each frame',
      wav({ audioBytes: 160_000 }),
      { talkSeconds: 60 },
      'shorter-than-talk-time',
    ],
    [
      'MP3, all of whose frames have one bit rate',
      mp3(10),
      { name: 'call.mp3', talkSeconds: 60 },
      'shorter-than-talk-time',
    ],
    [
      "MP3 with an encoder's counts, of which the rest is missing",
      mp3(60, { isVariable: true }).subarray(0, 40_000),
      { name: 'call.mp3', talkSeconds: 60 },
      'shorter-than-talk-time',
    ],
    [
      'a header that is right, without any audio yet, of a call of a few seconds',
      wav({ audioBytes: 0 }),
      { talkSeconds: 3 },
      'shorter-than-talk-time',
    ],
  ];

  test.each(GROWING)('a recording is unfinished: %s', (_, file, options, doubt) => {
    // 2 minutes after the first look, then whenever the age has doubled, and at last an hour after the call.
    const looks: number[] = [];
    for (let now = ENDED + 5 * SECOND_MS; ; ) {
      const result = look(file, { ...options, now });
      if (!(result instanceof Unverified)) {
        expect(result).toContain(doubt);
        break;
      }
      expect(result).toMatchObject(unfinished);
      now = result.notBefore ?? 0;
      looks.push((now - ENDED) / SECOND_MS);
    }
    expect(looks).toEqual([125, 250, 500, 1000, 2000, 3600]);
  });

  test.each(GROWING)(
    'nothing is unfinished an hour after the end of its call: %s',
    (_, file, options, doubt) => {
      expect(look(file, { ...options, now: ENDED + HOUR_MS })).toContain(doubt);
    },
  );

  test('a few seconds do not count: recorders start late, and talk times are whole seconds', () => {
    const now = ENDED + 5 * SECOND_MS;
    // 16,000 bytes a second.
    expect(look(wav({ audioBytes: 160_000 }), { talkSeconds: 15, now })).toEqual([
      'content-length',
      'riff-header',
    ]);
    expect(look(wav({ audioBytes: 160_000 }), { talkSeconds: 16, now })).toMatchObject(unfinished);
  });
});

test('what older versions wrote counts as sound only if nothing was open', () => {
  for (const sound of [
    'content-length riff-header',
    'content-length',
    'riff-header',
    'identical-downloads',
  ]) {
    expect(isSound(sound)).toBe(true);
  }
  for (const doubtful of [
    '',
    'nothing',
    'content-length riff-header-unpatched',
    'content-length unknown-format',
  ]) {
    expect(isSound(doubtful)).toBe(false);
  }
});
