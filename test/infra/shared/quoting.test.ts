import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellQuote, toJsonLine } from '../../../infra/shared/text.ts';

test('JSON for a terminal has no control and no invisible characters, and keeps its meaning', () => {
  const value = { name: 'a\u009b2J\u202eb\u2028c\u{e0001}d\n\ud800 Müller 📞' };
  const line = toJsonLine(value);
  expect(line).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  expect(line).toContain('Müller 📞');
  expect(JSON.parse(line)).toEqual(value);
});

test.each(['.local/pbx', 'two words', "it's", '$(id)', '*', ''])('a shell takes %j as one word', (text) => {
  const printed = execFileSync('/bin/sh', ['-c', `printf '<%s>' ${shellQuote(text)}`], { encoding: 'utf8' });
  expect(printed).toBe(`<${text}>`);
});
