import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test, vi } from 'vitest';
import { searchQuerySchema } from '../../../functions/archive-api/search-query.ts';
import { newShareSchema } from '../../../functions/archive-api/shares-create.ts';
import { createApi } from '../../../functions/archive-page/app/api.ts';
import { errorText } from '../../../functions/archive-page/app/error-text.ts';
import { de } from '../../../functions/archive-page/app/messages/de.ts';
import { de as dialogsDe } from '../../../functions/archive-page/app/messages/dialogs-de.ts';
import { en as dialogsEn } from '../../../functions/archive-page/app/messages/dialogs-en.ts';
import { en } from '../../../functions/archive-page/app/messages/en.ts';
import { MAX_NUMBERS } from '../../../functions/shared/api/input-limits.ts';

const MESSAGE = 'should be something else';

/** Refuses the parameter that a search names. */
const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '', 'http://archive.example');
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ error: 'invalid-parameter', parameter: searchParams.get('refused'), message: MESSAGE }),
  );
});
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
// In a browser, addresses are relative to the page.
const { fetch } = globalThis;
vi.stubGlobal('fetch', (path: string, init: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init));
afterAll(() => {
  vi.unstubAllGlobals();
  server.close();
});

const refusalOf = (parameter: string) =>
  createApi()
    .search(`refused=${parameter}`, new AbortController().signal)
    .then(
      () => expect.unreachable(),
      (error: unknown) => error,
    );

test.each([...Object.keys(searchQuerySchema.entries), 'body', 'new-one'])(
  'says in the language of the page that the API has refused %s, not in the words of the API',
  async (parameter) => {
    const error = await refusalOf(parameter);
    const texts = [errorText(error, de), errorText(error, en)];
    expect(new Set(texts).size).toBe(2);
    for (const text of texts) expect(text).toMatch(/^[A-Z][^{}]+\.$/);
    expect(texts.join()).not.toContain(MESSAGE);
  },
);

test.each([...Object.keys(newShareSchema.entries), 'person'])(
  'a dialog says so in its language as well: %s',
  async (parameter) => {
    const error = await refusalOf(parameter);
    const texts = [errorText(error, de, dialogsDe.invalid), errorText(error, en, dialogsEn.invalid)];
    expect(new Set(texts).size).toBe(2);
    expect(texts.join()).not.toContain(MESSAGE);
  },
);

test.each([
  ['number', `Suchen Sie höchstens ${MAX_NUMBERS} auf einmal.`],
  ['from', 'Prüfen Sie beide Tage.'],
  ['to', 'Prüfen Sie beide Tage.'],
  ['pbx', 'Wählen Sie eine andere'],
  ['type', 'Prüfen Sie Ihre Angaben'],
])('says what to do if %s is refused', async (parameter, advice) => {
  expect(errorText(await refusalOf(parameter), de)).toContain(advice);
});

test('names the limit of the API in English, too', async () => {
  expect(errorText(await refusalOf('number'), en)).toContain(`Search for at most ${MAX_NUMBERS} at once.`);
});
