import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../infra/commands/run-command.ts';
import { flag, parseCommandLine, UsageError, value } from '../../infra/local/command-line.ts';
import { startAws } from './aws.ts';
import { type Bundle, synthesizeBundles } from './bundles.ts';
import { measureColdStarts } from './cold-start.ts';
import { measureStreaming } from './streaming/streaming.ts';
import { printColdStarts, printStreaming } from './tables.ts';

const HELP = `Measures what the stack deploys, on this machine alone: the bundles that cdk synth packs, against AWS and a simulated PBX on loopback.

  --runs N     how often each is measured, by turns; 7 by default
  --sizes M,N  of the recordings that are streamed, in MiB; 1,60,200,1024 by default
  --json FILE  writes the figures there as well`;

await runCommand(async () => {
  const { values } = parseCommandLine({
    args: process.argv.slice(2),
    options: { runs: value, sizes: value, json: value, help: flag },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const runs = Number(values.runs ?? 7);
  if (!Number.isInteger(runs) || runs < 1) throw new UsageError('--runs should be a whole number from 1 on');
  const sizes = (values.sizes ?? '1,60,200,1024').split(',').map(Number);
  if (!sizes.every((size) => Number.isInteger(size) && size >= 1)) {
    throw new UsageError('--sizes should be whole numbers of MiB from 1 on');
  }

  await using running = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'pbx-recording-archive-bench-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  const bundles = await synthesizeBundles(join(directory, 'cdk.out'));
  const aws = await startAws(join(directory, 'aws'), running);
  const machine = { node: process.version, architecture: process.arch, cores: availableParallelism() };
  const coldStarts = await measureColdStarts(bundles, aws, runs);
  printColdStarts(coldStarts);
  const streaming = await measureStreaming(bundles.get('ArchiveRecording') as Bundle, aws, {
    sizes,
    runs,
    directory,
  });
  printStreaming(streaming);
  if (values.json !== undefined) {
    await writeFile(
      values.json,
      `${JSON.stringify({ machine, runs, coldStarts, streaming }, undefined, 2)}\n`,
    );
  }
  return true;
});
