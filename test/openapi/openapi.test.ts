import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createRoutes } from '../../functions/archive-api/routes.ts';
import { findProblems } from './check-response.ts';
import { buildDocument } from './document.ts';
import { buildEventSchemas } from './event-schemas.ts';
import { DOCUMENT_FILE, format } from './file.ts';
import { OPERATIONS } from './operations.ts';

test('docs/openapi.json is what npm run openapi makes of the schemas', () => {
  expect(readFileSync(DOCUMENT_FILE, 'utf8')).toBe(format(buildDocument()));
});

test('docs/events has what npm run openapi makes of the schemas of the events', () => {
  for (const { file, document } of buildEventSchemas()) {
    expect(readFileSync(file, 'utf8')).toBe(format(document));
  }
});

test('it has every route of the API, and says which need no authorization', () => {
  const anything = { session: {} } as never;
  const routes = Object.entries(createRoutes(anything)).map(([route, { isPublic = false }]) => ({
    route,
    isPublic,
  }));
  const documented = Object.entries(OPERATIONS).map(([route, { isPublic = false }]) => ({ route, isPublic }));
  const byRoute = (a: { route: string }, b: { route: string }) => a.route.localeCompare(b.route);
  expect(documented.toSorted(byRoute)).toEqual(routes.toSorted(byRoute));
});

test('a response that it does not describe is noticed', () => {
  const headers = { 'content-type': 'application/json' };
  const problems = (path: string, status: number, body: unknown) =>
    findProblems('GET', path, { status, headers, body });
  const found = { recordings: [], searchedBackTo: '2026-01-01T00:00:00.000Z' };
  expect(problems('/api/recordings', 200, found)).toEqual([]);
  expect(problems('/api/recordings', 418, found)).toHaveLength(1);
  expect(problems('/api/recordings', 200, { ...found, total: 7 })).toHaveLength(1);
  expect(problems('/api/recordings', 200, { ...found, searchedBackTo: 'yesterday' })).toHaveLength(1);
  expect(problems('/api/recordings', 401, {})).toHaveLength(1);
  expect(problems('/api/config', 200, { authorization: 'jwt' })).not.toEqual([]);
});
