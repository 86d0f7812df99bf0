import { expect, test } from 'vitest';
import { readContainer } from '../../../../functions/shared/recordings/container.ts';
import { fc } from '../../../property.ts';
import { COMPLETE_FILES, FILES_WITHOUT_SIZES, GSM_FRAME, UNFINISHED_FILES } from './encoder-files.ts';

const FILES = [...COMPLETE_FILES, ...UNFINISHED_FILES, ...FILES_WITHOUT_SIZES].map(({ bytes }) => bytes);

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((content) => Buffer.from(content));

/** Files with some of their bytes changed, cut off anywhere, and with anything behind them. */
const damagedFile = fc
  .tuple(
    fc.constantFrom(...FILES, GSM_FRAME),
    fc.array(fc.tuple(fc.nat({ max: 140 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 20 }),
    fc.nat({ max: 200 }),
    anyBytes,
  )
  .map(([file, changes, length, trailer]) => {
    const damaged = Buffer.from(file.subarray(0, length));
    for (const [offset, byte] of changes) if (offset < damaged.length) damaged[offset] = byte;
    return Buffer.concat([damaged, trailer]);
  });

const anyName = fc.constantFrom('a.wav', 'a.gsm', 'a.mp3', 'a');

test('any bytes give plain, sensible numbers or none', () => {
  fc.assert(
    fc.property(fc.oneof(anyBytes, damagedFile), anyName, (file, name) => {
      const container = readContainer(file, name);
      if (container === undefined) return;
      const { format, sizes, ...numbers } = container;
      expect(['written', 'unwritten', 'none']).toContain(sizes);
      for (const number of Object.values(numbers)) {
        if (number === undefined) continue;
        expect(number).toBeGreaterThanOrEqual(0);
        expect(number).toBeLessThan(Number.POSITIVE_INFINITY);
      }
      expect(JSON.parse(JSON.stringify(container))).toEqual(container);
      const { audioStartsAt = 0, audioEndsAt = audioStartsAt, totalBytes } = numbers;
      expect(audioEndsAt).toBeGreaterThanOrEqual(audioStartsAt);
      if (sizes === 'written') expect(totalBytes).toBeGreaterThanOrEqual(audioStartsAt);
    }),
  );
});
