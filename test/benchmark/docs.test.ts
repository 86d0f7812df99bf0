import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DOCUMENTS, enterTables } from './docs.ts';
import type { Results } from './measure.ts';
import { PROJECT_ROOT } from './stack.ts';
import type { Figure } from './statistics.ts';
import { tablesOf } from './tables.ts';

const figure = { median: 1, min: 1, max: 2 };
const memoryIn = (program: string, maxRssBytes: Figure) => ({
  program,
  sizesMib: [1024],
  memoryMb: 128,
  maxRssBytes,
});
const RESULTS: Results = {
  conditions: '2026-01-31, Node v24.0.0, 2 cores of Some (arm64), 7 runs',
  coldStarts: {
    bareMs: figure,
    functions: [
      {
        name: 'RecordingLink',
        bundleBytes: 2048,
        memoryMb: 256,
        loadedMs: figure,
        firstResponseMs: undefined,
        maxRssBytes: figure,
      },
    ],
  },
  streaming: [],
  memory: [
    memoryIn('probe', { median: 115e6, min: 110e6, max: 130e6 }),
    memoryIn('aws-lambda-ric', { median: 120e6, min: 110e6, max: 130e6 }),
  ],
  pipeline: {
    acknowledged: [{ perSecond: 50, reports: [200, 200], p50Ms: figure, p99Ms: figure }],
    stored: { reports: 20, p50Ms: 3, p99Ms: 4 },
    transferMs: 5,
  },
  work: { webhook: {} as Results['work']['webhook'], calls: [] },
  growth: [],
  search: [{ what: 'a call id', rows: 1_000_000, p50Ms: 5, p95Ms: 7, requests: 50 }],
  costs: { recordings: [], fixed: { secrets: 1.25, total: 2.25 } },
};

const read = (document: string) => readFile(join(PROJECT_ROOT, document), 'utf8');

test('the documents have a place for every table and for the conditions', async () => {
  const documents = await Promise.all(DOCUMENTS.map(read));
  for (const { name } of [...tablesOf(RESULTS), { name: 'conditions' }]) {
    expect(documents.join()).toContain(`<!-- benchmark: ${name} -->`);
    expect(documents.join()).toContain(`<!-- benchmark: end of ${name} -->`);
  }
});

test('entering the tables replaces the previous ones', async () => {
  const documents = await Promise.all(DOCUMENTS.map(read));
  const enter = (document: string) => enterTables(document, tablesOf(RESULTS), RESULTS.conditions);
  const once = documents.map(enter);
  expect(once.map(enter)).toEqual(once);
  const [benchmarks = '', costs = ''] = once;
  for (const document of once) expect(document).toContain(`Measured ${RESULTS.conditions}.`);
  expect(benchmarks).toContain('| RecordingLink | 2 | 1 (1 to 2) |  | 0 (0 to 0) | 256 |');
  expect(benchmarks).toContain('| recording-link loaded | 55 ms | 1 ms | yes |');
  expect(benchmarks).toContain('| 1024 | probe | 115 (110 to 130) | 128 |');
  expect(benchmarks).toContain("| peak RSS at 1 GiB, Lambda's heap flags | 115 MB | 120 MB | no |");
  expect(benchmarks).toContain(
    '| CPU per MiB at 200 MiB, relative to rclone | 0.80 times | not measured |  |',
  );
  expect(benchmarks).toContain('Searches of an index of 1,000,000 rows');
  expect(benchmarks).toContain('| a call id | 50.0 | 5.0 | 7.0 |');
  expect(costs).toContain('| total | 2.25 |');
});

test('a place for an unknown table is an error', () => {
  const document = '<!-- benchmark: speed -->\n<!-- benchmark: end of speed -->\n';
  expect(() => enterTables(document, [], '')).toThrow('no table "speed"');
});
