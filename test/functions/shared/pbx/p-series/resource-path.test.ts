import { expect, test } from 'vitest';
import { readResourcePath } from '../../../../../functions/shared/pbx/p-series/resource-path.ts';

test.each([
  [
    '/api/download/Recording-37.23.0.123-download-20251009105502-q1W2e3R4t5Y6u7I8.wav',
    '/api/download/Recording-37.23.0.123-download-20251009105502-q1W2e3R4t5Y6u7I8.wav',
  ],
  ['/api/downloadattachment/a.wav', '/api/downloadattachment/a.wav'],
  // Without the leading slash.
  ['api/download/a.wav', '/api/download/a.wav'],
  ['/api/download/a%20b+c.wav', '/api/download/a%20b+c.wav'],
  ['/api/download/a b.wav', '/api/download/a%20b.wav'],
])('%s may be requested', (url, path) => {
  expect(readResourcePath(url)).toBe(path);
});

test.each([
  '',
  '/',
  '/api/',
  '/download/a.wav',
  '/apiX/a.wav',
  'https://evil.example/api/download/a.wav',
  'HTTPS://evil.example/api/a.wav',
  '//evil.example/api/a.wav',
  '/\\evil.example/api/a.wav',
  '/api//a.wav',
  '/api/../admin',
  '/api/download/..',
  '/api/./a.wav',
  '/api/%2e%2e/admin',
  '/api/%2E%2E%2Fadmin',
  '/api/%252e%252e/admin',
  '/api/a.wav?x=1',
  '/api/a.wav%3Fx=1',
  '/api/a.wav#x',
  '/api/a.wav%23x',
  '/api/a\r\nHost: evil.example',
  '/api/a%0d%0aHost: evil.example',
  '/api/%',
  'javascript:/api/a',
  '/api/\uD800',
])('%j is never requested, because the request would carry the token', (url) => {
  expect(() => readResourcePath(url)).toThrow(
    expect.objectContaining({ code: 'pbx-bad-response', kind: 'transient' }),
  );
});
