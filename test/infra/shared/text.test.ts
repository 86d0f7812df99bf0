import { describe, expect, test } from 'vitest';
import { formatSize, toPlainLines, toPlainText, wrap } from '../../../infra/shared/text.ts';

test('text from outside loses control and bidirectional characters', () => {
  expect(toPlainText('a\u001b[31mb\r\n\u009b2J\u202ec\u2028d\ud800')).toBe('a�[31mb���2J�c�d�');
  expect(toPlainText('\u001b]0;x\u0007\u200b\u2066\ufeff\u00ad\u034f\u3164\u{e0041}')).toBe('�]0;x��������');
  expect(toPlainText('Müller → 日本 📞 "x" ☎️ 葛󠄀')).toBe('Müller → 日本 📞 "x" ☎️ 葛󠄀');
});

test('text of several lines keeps its line breaks', () => {
  expect(toPlainLines('one\u001b\n  two\r\n')).toBe('one�\n  two�\n');
});

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1000, '1 kB'],
  [96_044, '96 kB'],
  [1_250_000, '1.3 MB'],
  [12_300_000_000, '12.3 GB'],
])('a size of %i bytes is %s', (size, text) => {
  expect(formatSize(size)).toBe(text);
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
