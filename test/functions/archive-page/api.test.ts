import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createApi } from '../../../functions/archive-page/app/api.ts';

const PARTS: Record<string, { text: string; next?: string }> = {
  first: { text: '\uFEFFat,kind\r\n3,played\r\n', next: 'second' },
  second: { text: '2,played\r\n', next: 'third' },
  third: { text: '1,Zoë\r\n' },
};
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://archive.example');
  // Nothing comes from the first, and half a response from the others.
  if (pathname === '/api/config') return;
  if (pathname === '/api/me') {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"person":');
    return;
  }
  if (pathname === '/api/shares') {
    response.writeHead(200, { 'content-length': 100 }).write('{"shares":');
    setImmediate(() => response.destroy());
    return;
  }
  const part = PARTS[searchParams.get('cursor') ?? 'first'];
  if (pathname !== '/api/access' || searchParams.get('format') !== 'csv' || part === undefined) {
    response.writeHead(404).end('{}');
    return;
  }
  response.setHeader('content-type', 'text/csv; charset=utf-8');
  if (part.next !== undefined) response.setHeader('x-next-cursor', part.next);
  response.end(part.text);
});
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
// In a browser, addresses are relative to the page.
const { fetch } = globalThis;
vi.stubGlobal('fetch', (path: string, init: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init));
afterAll(() => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  server.close();
});

test('the page saves all parts of a long CSV as one file, with its byte order mark', async () => {
  const csv = await createApi().accessCsv({ person: 'Ada' });
  expect(Buffer.from(await csv.arrayBuffer()).toString('utf8')).toBe(
    '\uFEFFat,kind\r\n3,played\r\n2,played\r\n1,Zoë\r\n',
  );
});

test('nothing is saved if a part is missing', async () => {
  PARTS.second = { text: '', next: 'unknown' };
  await expect(createApi().accessCsv({ person: 'Ada' })).rejects.toMatchObject({ kind: 'not-found' });
});

describe('a connection that is gone is reported as such', () => {
  const api = createApi({ timeoutMs: 100 });
  test.each([
    ['before the response', () => api.config()],
    ['in the middle of the response', () => api.me()],
    ['when it is closed in the middle of the response', () => api.shares({})],
  ])('%s', async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({ kind: 'network' });
  });

  test('but not to who has given up themselves', async () => {
    const controller = new AbortController();
    const searching = api.search('', controller.signal);
    controller.abort();
    await expect(searching).rejects.toMatchObject({ name: 'AbortError' });
  });
});
