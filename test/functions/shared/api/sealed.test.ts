import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { open, seal } from '../../../../functions/shared/api/sealed.ts';
import { anyText, fc } from '../../../property.ts';

const digest = createHash('sha256').update('a secret').digest();
const other = createHash('sha256').update('another secret').digest();

test('a sealed value can be opened with the secret and for the purpose that it was sealed with, and nothing else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const sealed = seal(digest, 'cursor', value);
      expect(sealed).toMatch(/^[\w-]+$/);
      expect(open(digest, 'cursor', sealed)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(open(digest, 'session', sealed)).toBeUndefined();
      expect(open(other, 'cursor', sealed)).toBeUndefined();
    }),
  );
});

test('a sealed value of which anything was changed cannot be opened', () => {
  const sealed = seal(digest, 'cursor', { at: 1 });
  fc.assert(
    fc.property(
      fc.nat({ max: sealed.length - 1 }),
      fc.constantFrom(...'ABCxyz019-_=+/. '),
      (index, character) => {
        const changed = sealed.slice(0, index) + character + sealed.slice(index + 1);
        fc.pre(changed !== sealed);
        expect(open(digest, 'cursor', changed)).toBeUndefined();
      },
    ),
  );
  for (const text of [`${sealed}A`, `${sealed}=`, sealed.slice(0, -1), ` ${sealed}`]) {
    expect(open(digest, 'cursor', text)).toBeUndefined();
  }
});

test('any other text cannot be opened', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.base64String()), (text) => {
      expect(open(digest, 'cursor', text)).toBeUndefined();
    }),
  );
});

test('a value sealed twice looks different', () => {
  expect(seal(digest, 'cursor', 1)).not.toBe(seal(digest, 'cursor', 1));
});
