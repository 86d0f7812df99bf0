import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { jobEvent } from './aws.ts';
import { canRun, type Run, runCommand, runFunction, runProbe, type Usage } from './run-program.ts';
import { downloadUrl, EMPTY_WAV_BYTES, newRecording, type Servers } from './servers.ts';
import type { DeployedFunction } from './stack.ts';
import { summarize } from './statistics.ts';

export const MEBIBYTE = 1024 ** 2;

export const OURS = 'archive-recording';
export const LIB_STORAGE = 'lib-storage';
export const UNDICI_PUT = 'undici-put';
export const RCLONE = 'rclone';

/** Event of the uploaders that archive-recording is compared with. */
export interface Transfer {
  source: string;
  /** URL of S3, without the bucket. */
  endpoint: string;
  bucket: string;
  key: string;
}

/** Transfers one recording from the PBX to S3 in a process of its own. */
type Way = (recording: string) => Promise<Usage>;

/**
 * Transfers recordings of each size over HTTPS, each way in turn.
 *
 * @returns time and CPU without the start, which is the transfer of a WAV file without audio
 */
export async function measureStreaming(
  archiver: DeployedFunction,
  servers: Servers,
  { sizes, runs, directory }: { sizes: number[]; runs: number; directory: string },
) {
  const ways = findWays(archiver, servers, directory);
  const measured = [];
  for (const sizeMib of sizes) {
    const seen = ways.map(([name, way]) => ({ name, way, starts: [] as Usage[], wholes: [] as Usage[] }));
    for (let run = 0; run < runs; run += 1) {
      for (const { way, starts, wholes } of seen) {
        starts.push(await way(newRecording(EMPTY_WAV_BYTES)));
        wholes.push(await way(newRecording(sizeMib * MEBIBYTE)));
      }
    }
    for (const { name, starts, wholes } of seen) {
      const startMs = summarize(starts.map(({ ms }) => ms)).median;
      const startCpuMs = summarize(starts.map(({ cpuMs }) => cpuMs));
      measured.push({
        sizeMib,
        way: name,
        startCpuMs,
        wallMs: summarize(wholes.map(({ ms }) => ms - startMs)),
        cpuMsPerMib: summarize(wholes.map(({ cpuMs }) => (cpuMs - startCpuMs.median) / sizeMib)),
        maxRssBytes: summarize(wholes.map(({ maxRssBytes }) => maxRssBytes)),
      });
    }
  }
  return measured;
}

/** The stack's function and two uploaders in Node; also rclone where it and GNU time are installed. */
function findWays(archiver: DeployedFunction, servers: Servers, directory: string): [string, Way][] {
  const ways: [string, Way][] = [
    [OURS, async (recording) => usageOf(await runFunction(archiver, [jobEvent(recording)]))],
    ...[LIB_STORAGE, UNDICI_PUT].map((name): [string, Way] => [name, uploaderWay(name, servers, directory)]),
  ];
  if (canRun('time', 'rclone', 'version')) ways.push([RCLONE, rcloneWay(servers)]);
  return ways;
}

const usageOf = ({ invocations: [first], maxRssBytes }: Run): Usage => ({
  ms: first?.ms ?? Number.NaN,
  cpuMs: first?.cpuMs ?? Number.NaN,
  maxRssBytes,
});

/** Bundles an uploader like a function of the stack, because running TypeScript takes memory. */
function uploaderWay(name: string, servers: Servers, directory: string): Way {
  const program = join(directory, `${name}.cjs`);
  buildSync({
    entryPoints: [join(import.meta.dirname, 'uploaders', `${name}.ts`)],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  const environment = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_ENDPOINT_URL_S3: servers.url,
    NODE_EXTRA_CA_CERTS: servers.caFile,
  };
  return async (recording) => {
    const source = downloadUrl(servers, recording);
    const transfer: Transfer = { source, endpoint: servers.url, bucket: 'benchmark', key: recording };
    return usageOf(await runProbe([program, JSON.stringify([transfer])], environment));
  };
}

function rcloneWay(servers: Servers): Way {
  const environment = {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CA_CERT: servers.caFile,
    RCLONE_CONFIG_SINK_TYPE: 's3',
    RCLONE_CONFIG_SINK_PROVIDER: 'Other',
    RCLONE_CONFIG_SINK_ENDPOINT: servers.url,
    RCLONE_CONFIG_SINK_ACCESS_KEY_ID: 'any',
    RCLONE_CONFIG_SINK_SECRET_ACCESS_KEY: 'any',
    RCLONE_CONFIG_SINK_NO_CHECK_BUCKET: 'true',
  };
  return (recording) => {
    const target = `sink:benchmark/${recording}`;
    return runCommand(['rclone', 'copyurl', downloadUrl(servers, recording), target], environment);
  };
}
