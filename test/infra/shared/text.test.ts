import { describe, expect, test } from 'vitest';
import { toPlainText, wrap } from '../../../infra/shared/text.ts';

test('text from outside loses control and bidirectional characters', () => {
  expect(toPlainText('a\u001b[31mb\r\n\u009b2J\u202ec\u2028d\ud800')).toBe('a�[31mb���2J�c�d�');
  expect(toPlainText('Müller → 日本 📞 "x"')).toBe('Müller → 日本 📞 "x"');
});

describe('wrapped text', () => {
  test('breaks between words', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrap('one two', 7)).toEqual(['one two']);
    expect(wrap('', 7)).toEqual([]);
  });

  test('breaks a word that is too long without losing a character', () => {
    expect(wrap('ab 1234567890123 cd', 5)).toEqual(['ab', '12345', '67890', '123', 'cd']);
    expect(wrap('x'.repeat(10), 5)).toEqual(['xxxxx', 'xxxxx']);
  });
});
