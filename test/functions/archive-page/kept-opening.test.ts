import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepOpening, keepPosition, readOpening } from '../../../functions/archive-page/app/kept-opening.ts';
import { NOTHING_OPEN } from '../../../functions/archive-page/app/playback-state.ts';

beforeEach(() => {
  const stored = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
});
afterEach(() => vi.unstubAllGlobals());

test('a recipient who leaves the page before anything is open again keeps their place', () => {
  keepOpening({ token: 'a', continuation: 'c', position: 42 });
  keepPosition('a', NOTHING_OPEN);
  expect(readOpening('a')?.position).toBe(42);
  const track = { codec: 'pcm', seconds: 60, renew: async () => undefined } as const;
  keepPosition('a', { track, position: 50 });
  expect(readOpening('a')?.position).toBe(50);
  keepPosition('a', { track, position: 0 });
  expect(readOpening('a')?.position).toBe(0);
});
