import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { Configuration } from './configurations.ts';
import type { Finding } from './findings.ts';

/** Kept between runs. */
const directory = resolve(import.meta.dirname, '../../../.local/e2e');
const venv = join(directory, 'linters');
/** Has no configuration files. */
const home = join(directory, 'linters-home');

const requirements = join(import.meta.dirname, 'requirements.txt');
/** A copy of the requirements that the environment was made for. */
const installed = join(venv, 'requirements.txt');

const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;
const execute = promisify(execFile);

/** Makes the Python environment with the linters, unless it is there. Rejects if Python or a package is missing. */
export async function installLinters(): Promise<void> {
  const wanted = await readFile(requirements, 'utf8');
  if (existsSync(installed) && (await readFile(installed, 'utf8')) === wanted) return;
  await execute('python3', ['-m', 'venv', '--clear', venv]);
  const options = ['--quiet', '--disable-pip-version-check', '--requirement', requirements];
  await execute(join(venv, 'bin/pip'), ['install', ...options]);
  await writeFile(installed, wanted);
}

/** The regions that cfn-lint knows, except those of the isolated partitions, which only US agencies have. */
export async function listRegions(): Promise<string[]> {
  const code = 'import json; from cfnlint.helpers import REGIONS; print(json.dumps(REGIONS))';
  const regions = v.parse(regionsSchema, await run('python', '-c', code));
  return regions.filter((region) => !/-iso[a-z]?-/.test(region));
}

const regionsSchema = v.pipe(v.string(), v.parseJson(), v.array(v.string()), v.minLength(30));

const cfnLintSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(
    v.object({
      Rule: v.object({ Id: v.string() }),
      Message: v.string(),
      Location: v.object({ Path: v.nullable(v.array(v.union([v.string(), v.number()]))) }),
    }),
  ),
);

/** Checks a template with cfn-lint, against the resources that exist in each of its regions. */
export async function runCfnLint(
  file: string,
  { name, template, regions }: Configuration,
): Promise<Finding[]> {
  const options = ['--format', 'json', '--non-zero-exit-code', 'none', '--regions', ...regions];
  const output = await run('cfn-lint', ...options, '--', file);
  const { Resources } = v.parse(templateSchema, template);
  return v.parse(cfnLintSchema, output).map(({ Rule, Message, Location }) => {
    const [section, id = ''] = Location.Path ?? [];
    const type = section === 'Resources' ? Resources[id]?.Type : undefined;
    return { rule: Rule.Id, resource: type ? `${type}.${id}` : '', message: Message, configuration: name };
  });
}

const templateSchema = v.object({ Resources: v.record(v.string(), v.object({ Type: v.string() })) });

const checkovSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    results: v.object({
      failed_checks: v.array(
        v.object({ check_id: v.string(), check_name: v.string(), resource: v.string() }),
      ),
    }),
    // If checkov cannot read a template, it reports nothing else about it.
    summary: v.object({ passed: v.pipe(v.number(), v.minValue(1)), parsing_errors: v.literal(0) }),
  }),
);

/** Checks a template with checkov, offline. */
export async function runCheckov(file: string, { name }: Configuration): Promise<Finding[]> {
  const options = ['--framework', 'cloudformation', '--output', 'json', '--compact', '--quiet'];
  const output = await run('checkov', ...options, '--soft-fail', '--skip-download', '-f', file);
  return v.parse(checkovSchema, output).results.failed_checks.map(({ check_id, check_name, resource }) => ({
    rule: check_id,
    resource,
    message: check_name,
    configuration: name,
  }));
}

/** Runs a linter, without the settings of whoever runs it, and returns its standard output. */
async function run(linter: string, ...args: string[]): Promise<string> {
  await mkdir(home, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: home };
  const { stdout } = await execute(join(venv, 'bin', linter), args, {
    cwd: home,
    env,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return stdout;
}
