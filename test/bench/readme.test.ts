import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enterFigures } from './readme.ts';
import type { Results } from './results.ts';

const figure = { median: 1, min: 1, max: 1 };
const RESULTS: Results = {
  machine: { node: 'v24.0.0', architecture: 'arm64', processor: 'Some', cores: 2 },
  date: '2026-01-31',
  runs: 7,
  coldStarts: {
    bareMs: figure,
    floor: { loadedMs: figure, answeredMs: figure, maxRssBytes: figure },
    functions: [
      {
        name: 'RecordingLink',
        bundleBytes: 1,
        memoryMb: 256,
        loadedMs: figure,
        answeredMs: figure,
        maxRssBytes: figure,
      },
    ],
  },
  streaming: [],
  memory: { sizesMib: [1], memoryMb: 128, isLimited: true, maxRssBytes: figure },
  pipeline: {
    recordingBytes: 1,
    acknowledged: [{ perSecond: 50, reports: 100, p50Ms: 2, p99Ms: 20 }],
    visible: { p50Ms: 3, p99Ms: 4 },
    transferMs: 5,
  },
  backlogs: [],
  buckets: [],
  work: { webhook: {} as Results['work']['webhook'], calls: [] },
  recordingCosts: [],
  fixedCosts: { secrets: 1.25, alarms: 1 },
};

test('the README has a place for the figures, and entering them twice is entering them once', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  const once = enterFigures(readme, RESULTS);
  expect(once).toContain('2026-01-31, Node v24.0.0, 2 cores of Some (arm64), medians of 7 runs:');
  expect(once).toContain('| recording-link loaded | 10 ms | 1 ms | yes | 1 ms |');
  expect(once).toContain('| report acknowledged, 50 a second, p99 | 15 ms | 20.0 ms | no |  |');
  expect(once).toContain("| CPU per MiB, 60 MiB, of rclone's | 1 times | not measured |  |  |");
  expect(once).toContain('| recording-link, first answer | 25 ms | 1 ms | yes | 1 ms |');
  expect(once).toContain('| total | 2.25 |');
  expect(enterFigures(once, RESULTS)).toBe(once);
});

test('a README without a place for them is not touched', () => {
  expect(() => enterFigures('# A title\n', RESULTS)).toThrow('no place for targets');
});
