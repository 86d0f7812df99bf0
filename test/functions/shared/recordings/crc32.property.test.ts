import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combineCrc32 } from '../../../../functions/shared/recordings/crc32.ts';

test('a combined CRC-32 is that of both texts, one after the other', () => {
  const bytes = fc.uint8Array({ maxLength: 5000 });
  fc.assert(
    fc.property(bytes, bytes, (first, second) => {
      const whole = crc32(Buffer.concat([first, second]));
      expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(whole);
    }),
  );
});

test('the combined CRC-32 of parts is that of the whole', () => {
  const part = Buffer.alloc(8 * 1024 * 1024, 'audio');
  const joined = [1, 2].reduce((sum) => combineCrc32(sum, crc32(part), part.length), crc32(part));
  expect(joined).toBe(crc32(Buffer.concat([part, part, part])));
});
