import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { jobFor, toSqsEvent } from '../aws.ts';
import { type Bundle, environmentOf } from '../bundles.ts';
import { isInstalled, runCommandLine, runFunction, runProbe, type Used } from '../run-probe.ts';
import { recordingOf, type Servers } from './start-servers.ts';
import type { Transfer } from './transfer.ts';

/** The PBX of the recordings that are streamed. */
export const STREAM_PBX = 'stream';
export const OURS = 'archive-recording';
export const LIB_STORAGE = 'lib-storage 8 MiB x 2';
export const RAW_PUT = 'raw undici PUT';
export const TLS_FLOOR = 'node:tls, CRC-32 alone';
export const RCLONE = 'rclone copyurl';

export interface Recording {
  bytes: number;
  serial: number;
  isLengthKnown: boolean;
}

/** Brings one recording from the PBX's server to S3's, in a process of its own; tells what that used. */
export type Way = (recording: Recording) => Promise<Used>;

export interface Places {
  bundle: Bundle;
  servers: Servers;
  environment: Record<string, string>;
  /** PEM of the servers' certificate. */
  caFile: string;
  /** For the programs that archive-recording is compared with. */
  directory: string;
}

/** Those that this machine has: Node's, and rclone and curl with the AWS CLI, where GNU time can tell what they use. */
export async function findWays(places: Places): Promise<ReadonlyMap<string, Way>> {
  const ways = new Map<string, Way>([
    [OURS, throughFunction(places)],
    [LIB_STORAGE, throughProgram('lib-storage', places)],
    [RAW_PUT, throughProgram('raw-put', places)],
    [TLS_FLOOR, throughProgram('tls-floor', places)],
  ]);
  if (await isInstalled('time', 'rclone')) ways.set(RCLONE, throughRclone(places));
  if (await isInstalled('time', 'curl', 'aws')) ways.set('curl | aws s3 cp -', throughAwsCli(places));
  return ways;
}

/** What a function finds that works with the servers. */
export const environmentFor = ({ bundle, servers, environment, caFile }: Omit<Places, 'directory'>) => ({
  ...environmentOf(bundle, environment),
  AWS_ENDPOINT_URL_S3: servers.url,
  // One program's way to trust the server must not cost more than another's.
  NODE_EXTRA_CA_CERTS: caFile,
});

function throughFunction(places: Places): Way {
  const environment = environmentFor(places);
  return async ({ bytes, serial, isLengthKnown }) => {
    const job = jobFor(recordingOf(bytes, serial, isLengthKnown), STREAM_PBX);
    const { answers, maxRssBytes } = await runFunction(places.bundle.path, [toSqsEvent(job)], environment);
    return { ms: answers[0]?.ms ?? 0, cpuMs: answers[0]?.cpuMs ?? 0, maxRssBytes };
  };
}

function throughProgram(name: string, { servers, caFile, directory }: Places): Way {
  const environment = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_ENDPOINT_URL_S3: servers.url,
    NODE_EXTRA_CA_CERTS: caFile,
  };
  // Bundled as the stack bundles its own: reading TypeScript takes 18 MB.
  const program = join(directory, `${name}.cjs`);
  buildSync({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  return async (recording) => {
    const transfer: Transfer = {
      source: sourceOf(recording, servers),
      endpoint: servers.url,
      bucket: 'bench',
      key: `${recording.serial}.wav`,
    };
    const { answers, maxRssBytes } = await runProbe([program, JSON.stringify([transfer])], environment);
    return { ms: answers[0]?.ms ?? 0, cpuMs: answers[0]?.cpuMs ?? 0, maxRssBytes };
  };
}

function throughRclone({ servers, caFile }: Places): Way {
  const environment = {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CA_CERT: caFile,
    RCLONE_CONFIG_BENCH_TYPE: 's3',
    RCLONE_CONFIG_BENCH_PROVIDER: 'Other',
    RCLONE_CONFIG_BENCH_ENDPOINT: servers.url,
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: 'any',
    RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: 'any',
    RCLONE_CONFIG_BENCH_NO_CHECK_BUCKET: 'true',
  };
  return (recording) =>
    runCommandLine(
      `rclone copyurl '${sourceOf(recording, servers)}' bench:bench/${recording.serial}.wav`,
      environment,
    );
}

function throughAwsCli({ servers, caFile }: Places): Way {
  const environment = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_CA_BUNDLE: caFile,
    ...(process.env.HOME !== undefined && { HOME: process.env.HOME }),
  };
  return (recording) =>
    runCommandLine(
      `curl -sS --cacert '${caFile}' '${sourceOf(recording, servers)}' | aws --endpoint-url ${servers.url} s3 cp - s3://bench/${recording.serial}.wav`,
      environment,
    );
}

const sourceOf = ({ bytes, serial, isLengthKnown }: Recording, { url }: Servers) =>
  `${url}/api/v1.1.0/recording/download?recording=${recordingOf(bytes, serial, isLengthKnown)}`;
