import { expect, test } from 'vitest';
import { createProblems } from '../../../infra/local/problems.ts';

const systemError = (code: string) => Object.assign(new Error(`${code}: reason, write`), { code });

test('a problem is shown again after a minute, another one at once', () => {
  const shown: string[] = [];
  let now = 0;
  const problems = createProblems(
    '.local/pbx',
    (sentence) => shown.push(sentence),
    () => now,
  );
  const full =
    'The disk that holds .local/pbx is full. Free some space on it: the work then goes on by itself.';
  problems.explain(systemError('ENOSPC'));
  now = 59_999;
  problems.explain(systemError('ENOSPC'));
  expect(shown).toEqual([full]);
  problems.explain(systemError('EIO'));
  now = 60_000;
  problems.explain(systemError('ENOSPC'));
  expect(shown).toEqual([full, expect.stringContaining('(EIO: reason, write)'), full]);
});

test('an error of an embedded service is explained as the service did', () => {
  const shown: string[] = [];
  const problems = createProblems('.local/pbx', (sentence) => shown.push(sentence));
  problems.explain(Object.assign(new Error('The disk is full.'), { name: 'DiskFull' }));
  expect(shown).toEqual(['The disk is full.']);
});

test('an error that no person can put right is not explained', () => {
  const shown: string[] = [];
  const problems = createProblems('.local/pbx', (sentence) => shown.push(sentence));
  const port = Object.assign(systemError('EACCES'), { syscall: 'listen', port: 80 });
  for (const error of [new TypeError('a bug'), systemError('ENOENT'), port, 'text', undefined])
    expect(problems.explain(error)).toBeUndefined();
  expect(shown).toEqual([]);
});
