// npm run lint:templates
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mapConcurrently } from '../../../functions/shared/map-concurrently.ts';
import { runCommand } from '../../../infra/commands/run-command.ts';
import { flag, parseCommandLine } from '../../../infra/shared/command-line.ts';
import { ACCEPTED_FINDINGS } from './accepted-findings.ts';
import { type Configuration, synthConfigurations } from './configurations.ts';
import { type Finding, judge } from './findings.ts';
import { installLinters, listRegions, runCfnLint, runCheckov } from './linters.ts';

const HELP = `Checks the templates of several configurations with cfn-lint and checkov. The first run installs both in
.local/e2e, with Python 3. It fails for a finding that accepted-findings.ts does not accept.

  npm run lint:templates

  --help  show this text`;

await runCommand(async () => {
  if (parseCommandLine({ options: { help: flag } }).values.help) {
    console.log(HELP);
    return true;
  }
  const obstacle = await installLinters().then(
    () => undefined,
    // pip says at the end why it failed.
    (error: unknown) => String(error).trim().split('\n').at(-1),
  );
  if (obstacle === undefined) return lint();
  console.error(
    `Templates: NOT CHECKED, because the linters, which need Python 3 with venv, cannot be installed: ${obstacle}`,
  );
  // In CI, a check that cannot run has failed.
  return !process.env.CI;
});

/** Resolves to `false` if a finding is not accepted, or an accepted one is no longer found. */
async function lint(): Promise<boolean> {
  const allRegions = await listRegions();
  const configurations = synthConfigurations(allRegions);
  const findings = await findAll(configurations);
  const { open, stale } = judge(findings, ACCEPTED_FINDINGS);
  const places = Map.groupBy(open, ({ rule, resource, message }) => `${rule} ${resource}: ${message}`);
  for (const [finding, found] of places)
    console.error(`${finding} (${found.map(({ configuration }) => configuration).join('; ')})`);
  for (const { rule, resource } of stale)
    console.error(
      `${rule} ${resource}…: accepted, but no longer found. Remove it from accepted-findings.ts.`,
    );
  if (open.length > 0)
    console.error(
      'Mend the stack, or accept the finding in accepted-findings.ts and say why it is not a flaw.',
    );
  console.log(
    `Templates: ${configurations.length} checked for up to ${allRegions.length} regions, ` +
      `${findings.length} findings, ${findings.length - open.length} of them accepted.`,
  );
  return open.length + stale.length === 0;
}

async function findAll(configurations: Configuration[]): Promise<Finding[]> {
  const directory = await mkdtemp(join(tmpdir(), 'templates-'));
  try {
    const checks = await mapConcurrently([...configurations.entries()], 2, async ([index, configuration]) => {
      const file = join(directory, `${index}.json`);
      await writeFile(file, JSON.stringify(configuration.template, null, 1));
      return [await runCfnLint(file, configuration), await runCheckov(file, configuration)];
    });
    return checks.flat(2);
  } finally {
    await rm(directory, { recursive: true });
  }
}
