import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { PROJECT_FILES } from './project.ts';
import { projectRoot, venv } from './settings.ts';

/**
 * Takes one thing at a time out of the stack and runs the end-to-end tests, which have to fail each time. With
 * `--only TEXT`, only what has TEXT in its description. Run `npm run e2e` before, which installs the emulator.
 */
const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });

/** A copy of the project, in which one file is changed. */
const mutant = join(projectRoot, '.local/e2e/mutant');

interface Mutation {
  description: string;
  file: string;
  /** The changed text of the file. */
  source: string;
}

const sourceOf = (file: string) => readFileSync(join(projectRoot, file), 'utf8');

/**
 * Every statement that grants something. Those for logs, keys and network interfaces have no effect here: ministack
 * writes the logs itself, and the stack that is deployed has no key and no VPC.
 */
function withoutGrants(): Mutation[] {
  return globSync('infra/stack/*.ts', { cwd: projectRoot }).flatMap((file) => {
    const source = sourceOf(file);
    const grants = source.matchAll(/^ .*?((?:\.grant\w+|\.allow|\ballow)\((?:[^;{}]|\$\{\w+\})*\);)$/gm);
    return Array.from(grants).flatMap(({ 0: statement, 1: grant = '', index }) => {
      if (/logGroup|'(?:kms|ec2):/.test(statement)) return [];
      const [start, end] = [index + statement.length - grant.length, index + statement.length];
      const line = source.slice(0, start).split('\n').length;
      const description = `${file}:${line} ${statement.replaceAll(/\s+/g, ' ').trim()}`;
      return [{ description, file, source: `${source.slice(0, start)};${source.slice(end)}` }];
    });
  });
}

function without(file: string, removed: string): Mutation {
  const parts = sourceOf(file).split(removed);
  if (parts.length !== 2) throw new Error(`${file} does not have this exactly once: ${removed}`);
  return { description: `${file} ${removed}`, file, source: parts.join('') };
}

const mutations = [
  ...withoutGrants(),
  // Shares and accesses are also found by the table's indexes.
  without('infra/stack/access-table.ts', `/index/\${name}`),
  // Nothing reaches the index.
  without('infra/stack/recording-bucket.ts', 'cfnBucket.notificationConfiguration ='),
  // The files of the page, and how people sign in, are for everybody.
  without('infra/stack/recording-api.ts', `, '/assets/{file}'`),
  without('infra/stack/recording-api.ts', `, '/s'`),
  without(
    'infra/stack/recording-api.ts',
    `if (this.authorization.type === 'jwt')
      publicRoutes.push(...this.addRoutes([HttpMethod.GET], '/api/config', integration));
`,
  ),
  // Links for callers that IAM should authorize.
  without('infra/stack/recording-api.ts', ', ...(authorizer && { authorizer })'),
  // The address for names with `%` or `?`.
  without('infra/stack/recording-api.ts', `, '/recordings/{pbxId}'`),
];

/** A stack that cannot be deployed has not been tried. */
const DEPLOYMENT = /^FAILED.*(?:cdk bootstrap|npm run deploy)$/m;

/** Returns the step that failed and why, or `undefined` if all of them passed. */
async function findFailure({ file, source }: Mutation): Promise<string | undefined> {
  await rm(mutant, { recursive: true, force: true });
  for (const name of [...PROJECT_FILES, 'test'])
    await cp(join(projectRoot, name), join(mutant, name), { recursive: true });
  await writeFile(join(mutant, file), source);
  await mkdir(join(mutant, '.local/e2e'), { recursive: true });
  await symlink(venv, join(mutant, '.local/e2e/venv'));
  await symlink(join(projectRoot, 'node_modules'), join(mutant, 'node_modules'));
  const child = spawn(process.execPath, [join(mutant, 'test/e2e/main.ts'), '--stack-only'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const step = /^FAILED.*/m.exec(output)?.[0];
  // A denial says more than the assertion that there is none.
  return step && `${step}\n        ${/DENIED [^'\n]*/.exec(error)?.[0] ?? error.trim().split('\n', 1)[0]}`;
}

for (const mutation of mutations.filter(({ description }) => description.includes(values.only))) {
  const failure = (await findFailure(mutation)) ?? 'NOT NOTICED';
  const isProven = failure.startsWith('FAILED') && !DEPLOYMENT.test(failure);
  console.log(`without ${mutation.description}\n${failure}${isProven ? '' : '\n        PROVES NOTHING'}`);
  if (!isProven) process.exitCode = 1;
}
