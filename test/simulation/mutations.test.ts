import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTATIONS } from './mutations.ts';

test.each(MUTATIONS)('the bug "$name" still fits the code', ({ edits }) => {
  for (const { file, find } of edits) expect(readFileSync(file, 'utf8').split(find), file).toHaveLength(2);
});
