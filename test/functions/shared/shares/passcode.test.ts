import { expect, test } from 'vitest';
import { hashPasscode, isPasscode } from '../../../../functions/shared/shares/passcode.ts';

test('a passcode is the one that was hashed, and no other', async () => {
  const hashed = await hashPasscode('correct horse');
  expect(await isPasscode('correct horse', hashed)).toBe(true);
  for (const other of ['correct hors', 'Correct horse', ' correct horse', '']) {
    expect(await isPasscode(other, hashed)).toBe(false);
  }
});

test('it may be typed on a device that composes characters differently', async () => {
  expect(await isPasscode('Mu\u0308nchen 1972', await hashPasscode('M\u00fcnchen 1972'))).toBe(true);
});

test('each has a salt of its own', async () => {
  const [first, second] = [await hashPasscode('correct horse'), await hashPasscode('correct horse')];
  expect(first.salt).not.toBe(second.salt);
  expect(first.hash).not.toBe(second.hash);
});

test('where there is none, no candidate is right', async () => {
  expect(await isPasscode('', undefined)).toBe(false);
  expect(await isPasscode('correct horse', undefined)).toBe(false);
});
