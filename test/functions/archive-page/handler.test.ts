import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildPage } from '../../../infra/page/build-page.ts';

type Handler = typeof import('../../../functions/archive-page/handler.ts')['handler'];

let directory: string;
let handler: Handler;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-page-'));
  buildPage(directory);
  vi.stubEnv('PAGE_DIRECTORY', directory);
  vi.stubEnv('MEDIA_SOURCES', 'https://recordings.example.com');
  vi.stubEnv('CONNECT_SOURCES', 'https://recordings.example.com https://id.example.com');
  ({ handler } = await import('../../../functions/archive-page/handler.ts'));
});
afterAll(() => rm(directory, { recursive: true }));

const ask = (method: 'GET' | 'HEAD', file?: string, acceptEncoding?: string) =>
  handler({
    headers: acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding },
    requestContext: { http: { method, sourceIp: '192.0.2.7' } },
    ...(file !== undefined && { pathParameters: { file } }),
  });
const get = (file?: string, acceptEncoding?: string) => ask('GET', file, acceptEncoding);
const bytesOf = ({ body }: APIGatewayProxyStructuredResultV2) => Buffer.from(body ?? '', 'base64');
const textOf = (response: APIGatewayProxyStructuredResultV2) => bytesOf(response).toString();
const assetsIn = (text: string) => Array.from(text.matchAll(/\/assets\/([\w.-]+)/g), ([, name = '']) => name);

describe('the page', () => {
  test('is HTML that a browser asks for again each time', async () => {
    const response = await get();
    expect(response).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
    });
    expect(textOf(response)).toContain('<div id="page">');
  });

  test('names its assets by their content, so they never have to be asked for again', async () => {
    const names = assetsIn(textOf(await get()));
    const kinds = new Set(names.map((name) => name.replace(/-[A-Z0-9]{8}\./, '.')));
    expect([...kinds].sort()).toEqual(['chunk.js', 'icon.svg', 'main.js', 'style.css']);
    for (const name of names) {
      expect(await get(name)).toMatchObject({
        statusCode: 200,
        headers: { 'cache-control': 'public, max-age=31536000, immutable' },
      });
    }
  });

  test('is compressed for whoever accepts it', async () => {
    const plain = await get();
    const compressed = await get(undefined, 'br, gzip;q=0.8');
    expect(compressed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(gunzipSync(bytesOf(compressed))).toEqual(bytesOf(plain));
    for (const refused of ['br', 'gzip;q=0', 'identity, gzip; q=0.0']) {
      expect((await get(undefined, refused)).headers).not.toHaveProperty('content-encoding');
    }
  });

  test.each(['index.html', '..', '../index.html', 'nothing.js', 'icon.svg.gz', '__proto__'])(
    'has no asset %s',
    async (file) => {
      expect(await get(file)).toMatchObject({ statusCode: 404, headers: { 'cache-control': 'no-store' } });
    },
  );

  test.each(['archive-page', 'share-page'])(
    'takes at most 30 KB to load for the first time, in any language: %s',
    async (page) => {
      const sizeOf = async (name?: string) => bytesOf(await get(name, 'gzip')).length;
      const scriptOf = async (name: string) => textOf(await get(name));
      /** The assets, and all that their scripts import at once. */
      async function withImports(names: string[], known = new Set<string>()): Promise<Set<string>> {
        for (const name of names.filter((other) => !known.has(other))) {
          known.add(name);
          const imported = (await scriptOf(name)).matchAll(/(?:from|import)\s*["']\.\/([\w-]+\.js)/g);
          await withImports(
            Array.from(imported, ([, file = '']) => file),
            known,
          );
        }
        return known;
      }
      const first = assetsIn(textOf(await get()));
      const scripts = await Promise.all([...(await withImports(first))].map(scriptOf));
      // Languages and other parts are loaded when they are needed.
      const later = Array.from(
        scripts.join().matchAll(/import\([`"']\.\/([\w-]+\.js)/g),
        ([, name = '']) => name,
      );
      const languages = later.filter((name) => /^(?:de|en)-/.test(name));
      expect(languages).toHaveLength(2);
      const content = later.filter((name) => name.startsWith(`${page}-`));
      expect(content).toHaveLength(1);
      for (const language of languages) {
        const all = await withImports([...first, ...content, language]);
        const sizes = await Promise.all([sizeOf(), ...[...all].map(sizeOf)]);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(30_000);
      }
    },
  );
});

describe('every response', () => {
  test('allows nothing but what the page needs', async () => {
    for (const response of [await get(), await get('nothing.js')]) {
      expect(response.headers).toMatchObject({
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
          "connect-src 'self' https://recordings.example.com https://id.example.com; " +
          "media-src blob: https://recordings.example.com; worker-src 'self'; base-uri 'none'; " +
          "form-action 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    }
  });

  test('has the same status and headers for HEAD as for GET, and no body', async () => {
    const [asset] = assetsIn(textOf(await get()));
    for (const request of [[], [asset, 'gzip'], ['nothing.js']]) {
      const { statusCode, headers } = await get(...request);
      expect(await ask('HEAD', ...request)).toEqual({ statusCode, headers });
    }
  });

  test('has no script or style of its own that a policy would have to allow', async () => {
    const html = textOf(await get());
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  });
});
