import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { OUTCOMES } from '../../functions/shared/measure.ts';

const root = resolve(import.meta.dirname, '../..');

/** All modules that a source file imports: project files by their path from the root, packages by name. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const specifiers = source.matchAll(/(?:^import|\bfrom|\bimport\()\s*'([^']+)'/gm);
  return Array.from(specifiers, ([, specifier = '']) =>
    specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier,
  );
}

/** The file and all project files that it needs, directly or not. */
function withDependencies(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const imported of importsOf(file)) if (imported.endsWith('.ts')) withDependencies(imported, seen);
  return seen;
}

const functionFiles = globSync('functions/**/*.ts', { cwd: root });
const stackFiles = globSync('infra/*.ts', { cwd: root });
const featureOf = (file: string) => /^functions\/([^/]+)\//.exec(file)?.[1];

/** Every import of a file that `isAllowed` does not take, as `file -> import`. */
const violations = (files: string[], isAllowed: (imported: string, file: string) => boolean) =>
  files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => !isAllowed(imported, file))
      .map((imported) => `${file} -> ${imported}`),
  );

test('the imports are read from the sources', () => {
  expect(functionFiles.length).toBeGreaterThan(30);
  expect(importsOf('functions/cdr-webhook/report.ts').sort()).toEqual([
    'functions/shared/cdr.ts',
    'functions/shared/job.ts',
    'functions/shared/recording-name.ts',
    'valibot',
  ]);
  expect(importsOf('infra/app.ts').some((imported) => imported.startsWith('infra/'))).toBe(true);
});

test('features never import each other, and shared code never imports a feature', () => {
  const isOwnOrShared = (imported: string, file: string) =>
    !imported.startsWith('functions/') || ['shared', featureOf(file)].includes(featureOf(imported));
  expect(violations(functionFiles, isOwnOrShared)).toEqual([]);
});

test('nothing in functions imports a handler, the infrastructure or a test', () => {
  const isSource = (imported: string) =>
    !imported.endsWith('/handler.ts') && !/^(?:\.\.|infra|test)\//.test(imported);
  expect(violations(functionFiles, isSource)).toEqual([]);
});

test.each([
  'functions/cdr-webhook/report.ts',
  'functions/archive-recording/riff.ts',
  'functions/archive-recording/check-recording.ts',
  'functions/archive-recording/fill-parts.ts',
  'functions/reconcile/window.ts',
  'functions/reconcile/call-end.ts',
  'functions/reconcile/read-cdrs.ts',
  'functions/recording-link/query.ts',
  'functions/shared/recording-name.ts',
  'functions/shared/job.ts',
  'functions/shared/cdr.ts',
  'functions/shared/metadata.ts',
  'functions/shared/log.ts',
  'functions/shared/measure.ts',
  'functions/shared/errors.ts',
  'functions/shared/pbx/errors.ts',
  'functions/shared/pbx/reply.ts',
])('the pure core knows no AWS, no network and no environment: %s', (file) => {
  const needed = [...withDependencies(file)];
  const isPure = (imported: string) =>
    !/^@(?:aws|smithy)|^undici$|^node:(?:net|tls|https?|dgram|dns)$/.test(imported);
  expect(violations(needed, isPure)).toEqual([]);
  const readsEnv = needed.filter((name) => readFileSync(join(root, name), 'utf8').includes('process.env'));
  expect(readsEnv).toEqual([]);
});

test('the stack knows of a function its environment, of the PBXs their settings, and the names of the metrics', () => {
  const isKnown = (imported: string) =>
    !imported.startsWith('functions/') ||
    /^functions\/(?:[^/]+\/env|shared\/(?:pbx-registry|parse-settings|metrics))\.ts$/.test(imported);
  expect(stackFiles.length).toBeGreaterThan(5);
  expect(violations(stackFiles, isKnown)).toEqual([]);
});

/** Whether the file has an outcome in it that counts as a metric. */
const logsOutcome = (file: string, outcomes: Iterable<string> = OUTCOMES.keys()) =>
  file !== 'functions/shared/measure.ts' &&
  [...outcomes].some((event) => readFileSync(join(root, file), 'utf8').includes(`'${event}'`));

test.each([...OUTCOMES.keys()])('the outcome that is counted as %s is logged under this name', (event) => {
  expect(functionFiles.filter((file) => logsOutcome(file, [event]))).not.toEqual([]);
});

test('the functions whose outcomes are counted publish metrics, and no other', () => {
  const handlers = functionFiles.filter((file) => file.endsWith('/handler.ts'));
  const publishing = handlers.filter((file) =>
    readFileSync(join(root, file), 'utf8').includes('\npublishMetrics(env.STACK_NAME);\n'),
  );
  expect(publishing).toEqual(
    handlers.filter((file) => [...withDependencies(file)].some((it) => logsOutcome(it))),
  );
  expect(publishing).toHaveLength(handlers.length - 1);
});
