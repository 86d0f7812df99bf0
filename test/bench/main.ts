import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runCommand } from '../../infra/commands/run-command.ts';
import { flag, parseCommandLine, UsageError, value } from '../../infra/shared/command-line.ts';
import { addPbx, startAws } from './aws.ts';
import { type Bundle, environmentOf, synthesizeStack } from './bundles.ts';
import { measureColdStarts } from './cold-start.ts';
import { costsOf, fixedCosts } from './cost.ts';
import { measureBacklogs, measureBuckets } from './growth.ts';
import { measureMemory } from './memory.ts';
import { measurePipeline } from './pipeline/pipeline.ts';
import { enterFigures } from './readme.ts';
import type { Results } from './results.ts';
import { startServers } from './streaming/start-servers.ts';
import { measureStreaming } from './streaming/streaming.ts';
import { environmentFor, findWays, STREAM_PBX } from './streaming/ways.ts';
import { printTable, tablesOf } from './tables.ts';
import { measureWork } from './work.ts';

const README = resolve(import.meta.dirname, '../../README.md');

const HELP = `Measures what the stack deploys, on this machine alone: the bundles that cdk synth packs, against AWS and a simulated PBX on loopback.

  --runs N        how often each streaming is measured, by turns, and a third of the starts; 7 by default
  --sizes M,N     of the recordings that are streamed, in MiB; 1,60,200,1024 by default
  --seconds N     how long reports are posted, at each pace; 20 by default
  --backlogs M,N  jobs that are in the queue; 100,1000,10000 by default
  --buckets M,N   recordings that are in the bucket, from 50 on; 1000,100000 by default
  --json FILE     writes the figures there as well
  --readme        enters the figures in README.md`;

await runCommand(async () => {
  const { values } = parseCommandLine({
    args: process.argv.slice(2),
    options: {
      runs: value,
      sizes: value,
      seconds: value,
      backlogs: value,
      buckets: value,
      json: value,
      readme: flag,
      help: flag,
    },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  const runs = readCount('--runs', values.runs ?? '7');
  const seconds = readCount('--seconds', values.seconds ?? '20');
  const sizes = readCounts('--sizes', values.sizes ?? '1,60,200,1024');
  const backlogs = readCounts('--backlogs', values.backlogs ?? '100,1000,10000');
  const buckets = readCounts('--buckets', values.buckets ?? '1000,100000');

  await using running = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'pbx-recording-archive-bench-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  const { bundles, resources } = await synthesizeStack(join(directory, 'cdk.out'));
  const bundle = (name: string) => bundles.get(name) as Bundle;
  const [webhook, archiver] = [bundle('CdrWebhook'), bundle('ArchiveRecording')];
  const aws = await startAws(join(directory, 'aws'), running);
  tell('Cold starts');
  const coldStarts = await measureColdStarts(bundles, aws, runs);

  const servers = running.use(await startServers());
  const { url, fingerprint256, certificate } = servers;
  const environment = await addPbx(aws, { id: STREAM_PBX, url, fingerprint256 }, directory);
  const caFile = join(directory, 'servers.pem');
  await writeFile(caFile, certificate);
  const places = { bundle: archiver, servers, environment, caFile, directory };
  const archiverEnvironment = environmentFor(places);
  const queueUrl = aws.createQueue(`recordings-${STREAM_PBX}`);

  tell('Streaming');
  const streaming = await measureStreaming(await findWays(places), { sizes, runs });
  tell('Memory');
  const memory = await measureMemory(archiver, archiverEnvironment, { sizes, runs });
  tell('Pipeline');
  const pipeline = await measurePipeline(
    { webhook, archiver, environment, archiverEnvironment, servers, queueUrl },
    seconds,
  );
  tell('Work of a recording');
  const work = await measureWork(
    { bundle: webhook, environment: { ...environmentOf(webhook, environment), AWS_ENDPOINT_URL_S3: url } },
    { bundle: archiver, environment: archiverEnvironment },
  );
  tell('Backlogs');
  const jobs = await measureBacklogs(archiver, archiverEnvironment, { servers, queueUrl, sizes: backlogs });
  tell('Buckets');
  const recordings = await measureBuckets(
    { link: bundle('RecordingLink'), reconciler: bundle('Reconciliation') },
    aws,
    { sizes: buckets, directory },
  );
  const results: Results = {
    machine: {
      node: process.version,
      architecture: process.arch,
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
    },
    date: new Date().toISOString().slice(0, 10),
    runs,
    coldStarts,
    streaming,
    memory,
    pipeline,
    backlogs: jobs,
    buckets: recordings,
    work,
    recordingCosts: costsOf(work),
    fixedCosts: fixedCosts(resources),
  };
  for (const table of tablesOf(results)) printTable(table);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
  if (values.readme) await writeFile(README, enterFigures(await readFile(README, 'utf8'), results));
  return true;
});

/** What is measured now: the tables come at the end. */
function tell(step: string): void {
  console.error(`${new Date().toLocaleTimeString()}  ${step}`);
}

function readCount(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new UsageError(`${option} should be a whole number from 1 on`);
  return count;
}

function readCounts(option: string, text: string): number[] {
  const counts = text.split(',').map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1)) return counts;
  throw new UsageError(`${option} should be whole numbers from 1 on, with commas between them`);
}
