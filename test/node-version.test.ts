import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the tests run on the Node version that the stack deploys', () => {
  const source = readFileSync(new URL('../infra/stack/archive-function.ts', import.meta.url), 'utf8');
  const [, deployed] = /Runtime\.NODEJS_(\d+)_X/.exec(source) ?? [];
  expect(process.version).toMatch(new RegExp(`^v${deployed}\\.`));
});
