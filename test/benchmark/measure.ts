import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAws } from './aws.ts';
import { measureColdStarts } from './cold-start.ts';
import { fixedCosts, recordingCosts } from './cost.ts';
import { measureBacklogs, measureBuckets } from './growth.ts';
import { measureMemory } from './memory.ts';
import { measurePipeline } from './pipeline.ts';
import { measureSearch } from './search.ts';
import { startServers } from './servers.ts';
import { type DeployedFunction, synthesizeStack } from './stack.ts';
import { measureStreaming } from './streaming.ts';
import { measureWork } from './work.ts';

/** The options of the command line; sizes in MiB. */
type Extent = Record<'runs' | 'seconds' | 'rows', number> &
  Record<'sizes' | 'backlogs' | 'buckets', number[]>;

/** Times are in milliseconds, sizes in bytes, costs in US dollars. */
export type Results = Awaited<ReturnType<typeof measureAll>>;

export async function measureAll({ runs, sizes, seconds, backlogs, buckets, rows }: Extent) {
  await using running = new AsyncDisposableStack();
  const { directory, servers, aws, functions, resources } = await deploy(running);
  const find = (id: string) => functions[id] as DeployedFunction;
  const [webhook, link, reconciler] = [find('CdrWebhook'), find('RecordingLink'), find('Reconciliation')];
  const archiver = find('ArchiveRecording');
  // The uploaders trust the server through the same variable, so that this costs every program the same.
  const s3 = { AWS_ENDPOINT_URL_S3: servers.url, NODE_EXTRA_CA_CERTS: servers.caFile };
  const streamer = { ...archiver, environment: { ...archiver.environment, ...s3 } };
  const { queueUrl } = aws;

  logStep('Cold starts');
  const coldStarts = await measureColdStarts(functions, aws, runs);
  logStep('Streaming');
  const streaming = await measureStreaming(streamer, servers, { sizes, runs, directory });
  logStep('Memory');
  const memory = await measureMemory(streamer, sizes, runs);
  logStep('Pipeline');
  const pipeline = await measurePipeline({ webhook, archiver: streamer }, servers, { queueUrl, seconds });
  logStep('Work per recording');
  const work = await measureWork(webhook, streamer);
  logStep('Backlogs');
  const growth = await measureBacklogs(streamer, queueUrl, backlogs);
  logStep('Buckets');
  growth.push(...(await measureBuckets({ link, reconciler }, aws, buckets)));
  logStep('Search');
  const search = await measureSearch(find('ArchiveApi'), { rows, directory });
  const costs = { recordings: recordingCosts(work), fixed: fixedCosts(resources) };
  return {
    conditions: describeConditions(runs),
    coldStarts,
    streaming,
    memory,
    pipeline,
    work,
    growth,
    search,
    costs,
  };
}

/** Measures searches only: an index of a million rows takes long enough. */
export async function measureSearchOnly(rows: number): Promise<Pick<Results, 'conditions' | 'search'>> {
  await using running = new AsyncDisposableStack();
  const { directory, functions } = await deploy(running);
  logStep('Search');
  const search = await measureSearch(functions.ArchiveApi as DeployedFunction, { rows, directory });
  return { conditions: describeMachine(), search };
}

/** Starts AWS and PBXs on this machine, and bundles the functions. */
async function deploy(running: AsyncDisposableStack) {
  const directory = await mkdtemp(join(tmpdir(), 'pbx-recording-archive-benchmark-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  const servers = await startServers(directory, running);
  const aws = await startAws(join(directory, 'aws'), servers, running);
  const stack = await synthesizeStack(join(directory, 'cdk.out'), aws.environment);
  return { directory, servers, aws, ...stack };
}

const describeConditions = (runs: number) => `${describeMachine()}, ${runs} runs`;

function describeMachine(): string {
  const date = new Date().toISOString().slice(0, 10);
  const processor = `${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown processor'}`;
  return `${date}, Node ${process.version}, ${processor} (${process.arch})`;
}

/** Shows progress: the tables are printed at the end. */
const logStep = (step: string) => console.error(`${new Date().toLocaleTimeString()}  ${step}`);
