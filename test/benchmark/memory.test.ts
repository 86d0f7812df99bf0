import { expect, test } from 'vitest';
import { lambdaNodeFlags } from './memory.ts';

test('memory is measured with the flags that were observed on Lambda at 128 MB', () => {
  expect(lambdaNodeFlags(128)).toEqual([
    '--max-semi-space-size=6',
    '--max-old-space-size=116',
    '--expose-gc',
    '--max-http-header-size=81920',
  ]);
});
