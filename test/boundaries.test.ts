import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAMILIES } from '../functions/shared/config/pbx-registry.ts';
import {
  importsOf,
  projectImportsOf,
  root,
  runtimeImportsOf,
  sourceOf,
  withDependencies,
} from './imports.ts';

const functionFiles = globSync('functions/**/*.{ts,tsx}', { cwd: root });
const infraFiles = globSync('infra/**/*.ts', { cwd: root });
const featureOf = (file: string) => /^functions\/([^/]+)\//.exec(file)?.[1];
const isIn = (...folders: string[]) => {
  const prefixes = folders.map((folder) => `${folder}/`);
  return (file: string) => prefixes.some((prefix) => file.startsWith(prefix));
};

/** Every import of a file that `isAllowed` rejects, as `file -> import`. */
const violations = (files: string[], isAllowed: (imported: string, file: string) => boolean) =>
  files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => !isAllowed(imported, file))
      .map((imported) => `${file} -> ${imported}`),
  );

test('imports are found in the sources', () => {
  expect(functionFiles.length).toBeGreaterThan(30);
  expect(infraFiles.length).toBeGreaterThan(60);
  expect(importsOf('functions/shared/pbx/s-series/read-rows.ts').sort()).toEqual([
    'functions/shared/pbx/padding.ts',
    'functions/shared/pbx/s-series/align-row.ts',
    'node:util',
  ]);
});

test('no file imports itself, directly or indirectly', () => {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  function visit(file: string, path: string[]): void {
    if (state.get(file) === 'open') cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (state.has(file)) return;
    state.set(file, 'open');
    for (const imported of projectImportsOf(file)) visit(imported, [...path, file]);
    state.set(file, 'done');
  }
  for (const file of [...functionFiles, ...infraFiles]) visit(file, []);
  expect(cycles).toEqual([]);
});

describe('in functions/', () => {
  test('features never import each other, and shared code never imports a feature', () => {
    const isOwnOrShared = (imported: string, file: string) =>
      !imported.startsWith('functions/') || ['shared', featureOf(file)].includes(featureOf(imported));
    expect(violations(functionFiles, isOwnOrShared)).toEqual([]);
  });

  test('every file belongs to a function, or to the page in the browser', () => {
    const isEntry = (file: string) => /\/handler\.ts$|\/app\/(?:main\.tsx|gsm\/gsm-worker\.ts)$/.test(file);
    const reached = new Set(functionFiles.filter(isEntry).flatMap((entry) => [...withDependencies(entry)]));
    const others = functionFiles.filter((file) => !reached.has(file));
    // One of the choices of a family, which stand together. Only npm run doctor asks for obstacles.
    expect(others).toEqual(['functions/shared/pbx/family-errors.ts']);
  });

  test('nothing imports a handler, the infrastructure or a test', () => {
    const isSource = (imported: string) =>
      !imported.endsWith('/handler.ts') && !/^(?:\.\.|infra|test)\//.test(imported);
    expect(violations(functionFiles, isSource)).toEqual([]);
  });

  test('only a handler, or the compose.ts that a long one has, creates clients of AWS', () => {
    const isHandler = (file: string) => /^functions\/[^/]+\/handler\.ts$/.test(file);
    const isRoot = (file: string) => isHandler(file) || /^functions\/[^/]+\/compose\.ts$/.test(file);
    const clients = sourceOf('functions/shared/aws-clients.ts').match(/create\w+Client\b/g) ?? [];
    expect(clients).toEqual(expect.arrayContaining(['createS3Client', 'createEventBridgeClient']));
    const creates = new RegExp(`\\b(?:${clients.join('|')})\\(|\\bnew \\w+Client\\(`);
    const creating = functionFiles.filter((file) => creates.test(sourceOf(file)));
    expect(creating.filter((file) => !isRoot(file))).toEqual(['functions/shared/aws-clients.ts']);
    const isImportable = (imported: string, file: string) => isHandler(file) || !isRoot(imported);
    expect(violations(functionFiles, isImportable)).toEqual([]);
  });

  test('a handler is a composition root of at most 50 lines, and no file of code has more than 200', () => {
    const lengthOf = (file: string) => sourceOf(file).split('\n').length - 1;
    const code = functionFiles.filter((file) => !file.startsWith('functions/archive-page/app/messages/'));
    expect(code.filter((file) => lengthOf(file) > 200)).toEqual([]);
    expect(functionFiles.filter((file) => file.endsWith('/handler.ts') && lengthOf(file) > 50)).toEqual([]);
  });

  const doesIo = (file: string) =>
    sourceOf(file).includes('process.env') ||
    runtimeImportsOf(file).some((imported) =>
      /^@(?:aws|smithy)|^undici$|^node:(?:net|tls|https?|dgram|dns)$/.test(imported),
    );

  test('adapters and handlers alone use AWS, the network and the environment', () => {
    const adapters = functionFiles.filter((file) => doesIo(file) && !file.endsWith('/handler.ts'));
    expect(adapters.sort()).toEqual(
      [
        '../archive-api/sign-in-limit.ts',
        'access-log/access-log.ts',
        'access-log/query-page.ts',
        'aws-clients.ts',
        'call-log/archive-index.ts',
        'config/secrets.ts',
        'events/publish.ts',
        'jobs/queues.ts',
        'pbx/transport.ts',
        'recording-index/bucket-reader.ts',
        'recording-index/index-reader.ts',
        'recording-index/index-table.ts',
        'recording-index/status.ts',
        'recordings/archive-reader.ts',
        'recordings/list-objects.ts',
        'recordings/markers.ts',
        'recordings/recording-store.ts',
        'recordings/uploads.ts',
        'session/login-store.ts',
        'shares/person-roles.ts',
        'shares/share-store.ts',
        'telemetry/publish-metrics.ts',
      ].map((name) => join('functions/shared', name)),
    );
  });

  test.each([
    '../archive-api/search-query.ts',
    '../pbx-session/clock-skew.ts',
    '../pbx-session/session-request.ts',
    '../reconcile/reconcile-request.ts',
    '../recording-link/create-link.ts',
    '../recording-link/query.ts',
    'access/claims.ts',
    'access/principal.ts',
    'access/session-cookie.ts',
    'call-log/merge-call-rows.ts',
    'call-log/windows.ts',
    'config/access-settings.ts',
    'config/pbx-registry.ts',
    'errors.ts',
    'events/schemas.ts',
    'jobs/job.ts',
    'jobs/retry-policy/decide.ts',
    'pbx/call-start.ts',
    'pbx/content-encoding.ts',
    'pbx/errors.ts',
    'pbx/family-errors.ts',
    'pbx/family-reports.ts',
    'pbx/family-settings.ts',
    'pbx/p-series/list-recordings.ts',
    'pbx/p-series/resource-path.ts',
    'pbx/s-series/call-end.ts',
    'pbx/s-series/read-cdrs.ts',
    'pbx/without-pins.ts',
    'recording-index/call-time.ts',
    'recording-index/codec.ts',
    'recording-index/merge-streams.ts',
    'recording-index/name-facts.ts',
    'recording-index/phone-number.ts',
    'recording-index/search.ts',
    'recordings/compare-with-stored.ts',
    'recordings/completeness.ts',
    'recordings/container.ts',
    'recordings/crc32.ts',
    'recordings/create-object.ts',
    'recordings/earlier-calls.ts',
    'recordings/metadata.ts',
    'recordings/parts.ts',
    'recordings/recording-name.ts',
    'recordings/verification.ts',
    'recordings/verified-by.ts',
    'session/login-hold.ts',
    'session/login.ts',
    'session/session.ts',
    'session/with-token.ts',
    'shares/authority.ts',
    'shares/share.ts',
    'telemetry/log.ts',
    'telemetry/metrics.ts',
  ])('a decision needs no adapter, not even indirectly: %s', (name) => {
    const needed = [...withDependencies(join('functions/shared', name), runtimeImportsOf)];
    expect(needed.filter(doesIo)).toEqual([]);
  });

  test('only the choice of a family imports the folder of a family', () => {
    const choices = /^functions\/shared\/pbx\/family-(?:clients|errors|reports|settings)\.ts$/;
    const familyOf = (file: string) => /^functions\/shared\/pbx\/([^/]+)\//.exec(file)?.[1];
    const others = [...functionFiles, ...infraFiles].filter((file) => !choices.test(file));
    const isOwn = (imported: string, file: string) =>
      familyOf(imported) === undefined || familyOf(imported) === familyOf(file);
    expect(violations(others, isOwn)).toEqual([]);
  });

  test('nothing but the choice of a family, and a family itself, names one', () => {
    const isChoice = (file: string) =>
      // The demos have a simulated PBX of each family, and that knows nothing of the product.
      ['functions/shared/pbx/', 'infra/simulated-pbx/', 'infra/local/demo', 'infra/shared/demos.ts'].some(
        (start) => file.startsWith(start),
      );
    const others = [...functionFiles, ...infraFiles].filter((file) => !isChoice(file));
    const named = new RegExp(`'(?:${FAMILIES.join('|')})'`);
    expect(named.test(sourceOf('functions/shared/pbx/family-settings.ts'))).toBe(true);
    expect(others.filter((file) => named.test(sourceOf(file)))).toEqual([]);
  });

  test('nothing but a family itself knows its error codes and editions', () => {
    const known = globSync('functions/shared/pbx/*/{errors,firmware}.ts', { cwd: root }).flatMap((file) =>
      // A text for people may name an edition: only quoted alone is it one to compare with.
      [...sourceOf(file).matchAll(/'(\d{5})':|('\w+ Edition')/g)].map(([, code, edition]) => code ?? edition),
    );
    expect(known).toEqual(expect.arrayContaining(['20014', '60001', "'Cloud Edition'"]));
    // A usage text may have a code as an example.
    const quoted = new RegExp(`(?<!--code pbx-|\\d)(?:${known.join('|')})(?!\\d)`);
    const isOfFamily = (file: string) =>
      // The local host has words of its own for a first login that fails.
      ['functions/shared/pbx/', 'infra/simulated-pbx/', 'infra/local/real-pbx.ts'].some((start) =>
        file.startsWith(start),
      );
    const withoutComments = (source: string) => source.replaceAll(/\/\*.*?\*\/|^\s*\/\/.*?$/gms, '');
    const others = [...functionFiles, ...infraFiles].filter((file) => !isOfFamily(file));
    expect(others.filter((file) => quoted.test(withoutComments(sourceOf(file))))).toEqual([]);
  });

  test('each family has the same parts', () => {
    const families = globSync('functions/shared/pbx/*/', { cwd: root });
    expect(families.length).toBeGreaterThan(0);
    const parts = ['client.ts', 'errors.ts', 'list-recordings.ts', 'report.ts', 'session.ts', 'settings.ts'];
    const missing = families.flatMap((family) =>
      parts.map((part) => join(family, part)).filter((file) => !functionFiles.includes(file)),
    );
    expect(missing).toEqual([]);
  });

  test('protocols are left to libraries: no file signs requests or parses HTTP, XML or JWT itself', () => {
    const byHand = /aws4_request|AWS4-HMAC|HTTP\/1\.|createHmac|<\?xml|RS256/;
    // X-Signature and the ids in events are HMACs and nothing else: Node computes them.
    const hmacs = ['functions/shared/events/event-key.ts', 'functions/shared/pbx/p-series/report.ts'];
    expect(functionFiles.filter((file) => byHand.test(sourceOf(file))).sort()).toEqual(hmacs);
    for (const file of hmacs) {
      expect(sourceOf(file).match(new RegExp(byHand, 'g'))).toEqual(['createHmac', 'createHmac']);
    }
    expect(violations(functionFiles, (imported) => !/^node:(?:net|https?|http2)$/.test(imported))).toEqual(
      [],
    );
  });

  test('the dependencies are exactly the packages that are imported', () => {
    const { dependencies } = JSON.parse(sourceOf('package.json'));
    // `aws-lambda` has types only.
    const isPackage = (imported: string) => !/\.tsx?$|^package\.json$|^node:|^aws-lambda$/.test(imported);
    const packageOf = (imported: string) => imported.split('/', imported.startsWith('@') ? 2 : 1).join('/');
    const imported = new Set(
      functionFiles.flatMap((file) => importsOf(file).filter(isPackage).map(packageOf)),
    );
    expect([...imported].sort()).toEqual(Object.keys(dependencies).sort());
  });
});

describe('in infra/', () => {
  const stackFiles = infraFiles.filter(isIn('infra/stack', 'infra/monitoring', 'infra/config'));

  test('the stack imports from functions/ only environments, settings, limits, table keys and metric names', () => {
    const isKnown = (imported: string) =>
      !imported.startsWith('functions/') ||
      /^functions\/(?:[^/]+\/env|shared\/(?:config\/(?:access-settings|limits|pbx-registry|parse-settings|tables)|telemetry\/metric-definitions))\.ts$/.test(
        imported,
      );
    expect(stackFiles.length).toBeGreaterThan(15);
    expect(violations(stackFiles, isKnown)).toEqual([]);
  });

  test('the stack imports neither the commands nor the local host', () => {
    const isOwn = (imported: string) =>
      !imported.startsWith('infra/') ||
      isIn('infra/stack', 'infra/monitoring', 'infra/config', 'infra/page')(imported);
    expect(violations(stackFiles, isOwn)).toEqual([]);
  });

  test('the commands and the local host import from functions/ only shared code', () => {
    const files = infraFiles.filter(isIn('infra/commands', 'infra/local', 'infra/shared'));
    const isShared = (imported: string) =>
      !imported.startsWith('functions/') || imported.startsWith('functions/shared/');
    expect(violations(files, isShared)).toEqual([]);
  });

  test('the commands and the local host do not import each other', () => {
    const isElsewhere = (folder: string) => (imported: string) => !imported.startsWith(folder);
    expect(violations(infraFiles.filter(isIn('infra/commands')), isElsewhere('infra/local/'))).toEqual([]);
    expect(violations(infraFiles.filter(isIn('infra/local')), isElsewhere('infra/commands/'))).toEqual([]);
  });

  test('nothing imports a test, and the simulated PBX imports nothing from the product', () => {
    expect(violations(infraFiles, (imported) => !/^(?:test\/|vitest$)/.test(imported))).toEqual([]);
    const simulated = infraFiles.filter(isIn('infra/simulated-pbx'));
    const isOwn = (imported: string) =>
      !imported.endsWith('.ts') || imported.startsWith('infra/simulated-pbx/');
    expect(simulated.length).toBeGreaterThan(10);
    expect(violations(simulated, isOwn)).toEqual([]);
  });
});

test('only the functions whose outcomes are counted publish metrics', () => {
  const publishing = globSync('functions/*/handler.ts', { cwd: root }).filter((file) =>
    sourceOf(file).includes('\npublishMetrics(env.STACK_NAME);\n'),
  );
  expect(publishing.map(featureOf).sort()).toEqual([
    'archive-recording',
    'cdr-webhook',
    'index-recording',
    'pbx-session',
    'reconcile',
  ]);
});
