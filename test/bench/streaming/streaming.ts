import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { fingerprintOf } from '../../simulated-pbx/certificate.ts';
import { type Aws, toSqsEvent } from '../aws.ts';
import { type Bundle, environmentOf } from '../bundles.ts';
import { canPin, isGood, type Run, runProbe } from '../run-probe.ts';
import { type Figure, summarize } from '../statistics.ts';
import type { Transfer } from './transfer.ts';

const PBX = 'stream';
const MEBIBYTE = 1024 ** 2;

/** Of one way to bring a recording into S3; CPU and time without the start of the process. */
export interface Streaming {
  sizeMib: number;
  isLengthKnown: boolean;
  way: string;
  wallMs: Figure;
  cpuMsPerMib: Figure;
  maxRssBytes: Figure;
}

/** Brings recordings of so many MiB from HTTPS to HTTPS, in each way by turns, `runs` times. */
export async function measureStreaming(
  bundle: Bundle,
  aws: Aws,
  { sizes, runs, directory }: { sizes: number[]; runs: number; directory: string },
): Promise<Streaming[]> {
  const pinned = await canPin();
  await using servers = await startServers(pinned);
  const ca = join(directory, 'streaming.pem');
  await writeFile(ca, servers.certificate);
  const environment = await prepare(aws, servers, directory);
  const child = {
    ...environmentOf(bundle, environment),
    AWS_ENDPOINT_URL_S3: servers.url,
    // One program's way to trust the server must not cost more than another's.
    NODE_EXTRA_CA_CERTS: ca,
  };
  const program = (name: string) => join(import.meta.dirname, `${name}.ts`);
  const ways = new Map([
    ['archive-recording', bundle.path],
    ['lib-storage 8 MiB x 2', program('lib-storage')],
    ['raw undici PUT', program('raw-put')],
  ]);
  const measured: Streaming[] = [];
  let serial = 0;
  for (const sizeMib of sizes) {
    for (const isLengthKnown of [true, false]) {
      const seen = new Map(Array.from(ways.keys(), (way) => [way, [] as Run[]]));
      for (let run = 0; run < runs; run += 1) {
        for (const [way, path] of ways) {
          serial += 1;
          const recording = `20260101000000-${sizeMib * MEBIBYTE}.${serial}-${isLengthKnown ? '' : 'un'}known-length-Internal.wav`;
          const event = path === bundle.path ? jobFor(recording) : transferOf(recording, servers.url, serial);
          const result = await runProbe([path, JSON.stringify(event)], child, pinned);
          if (path === bundle.path && !isGood(result)) throw new Error('A recording was not archived.');
          seen.get(way)?.push(result);
        }
      }
      for (const [way, results] of seen) {
        measured.push({
          sizeMib,
          isLengthKnown,
          way,
          wallMs: summarize(results.map(({ answeredMs, loadedMs }) => answeredMs - loadedMs)),
          cpuMsPerMib: summarize(results.map(({ answeringCpuMs }) => answeringCpuMs / sizeMib)),
          maxRssBytes: summarize(results.map(({ maxRssBytes }) => maxRssBytes)),
        });
      }
    }
  }
  return measured;
}

interface Servers extends AsyncDisposable {
  url: string;
  certificate: string;
}

async function startServers(pinned: boolean): Promise<Servers> {
  const file = join(import.meta.dirname, 'servers.ts');
  const server = pinned
    ? fork(file, { execPath: 'taskset', execArgv: ['-c', '1', process.execPath] })
    : fork(file);
  const [{ url, certificate }] = await once(server, 'message');
  return {
    url,
    certificate,
    async [Symbol.asyncDispose]() {
      server.disconnect();
      await once(server, 'exit');
    },
  };
}

/** Makes the server a PBX of the stack's. */
async function prepare(
  { environment }: Aws,
  { url, certificate }: Servers,
  directory: string,
): Promise<Record<string, string>> {
  const registry = JSON.parse(await readFile(environment.PBX_REGISTRY_FILE ?? '', 'utf8'));
  const [office] = Object.values(registry) as [object];
  registry[PBX] = {
    ...office,
    baseUrl: url,
    tls: { fingerprint256: fingerprintOf({ cert: certificate, key: '' }) },
    credentialsSecret: `pbx/${PBX}`,
    sessionSecret: `session/${PBX}`,
    queueName: `recordings-${PBX}`,
  };
  const file = join(directory, 'streaming-registry.json');
  await writeFile(file, JSON.stringify(registry));
  const secrets = new SecretsManagerClient();
  const credentials = { username: 'api', password: 'any', webhookSecret: 'webhook-secret-0123456789' };
  for (const [Name, value] of [
    [`pbx/${PBX}`, credentials],
    [`session/${PBX}`, {}],
  ] as const) {
    await secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));
  }
  return { ...environment, PBX_REGISTRY_FILE: file };
}

const jobFor = (recording: string) =>
  toSqsEvent({
    version: 1,
    pbx: PBX,
    recording,
    call: { callId: '1' },
    reportedAt: new Date().toISOString(),
  });

const transferOf = (recording: string, url: string, serial: number): Transfer => ({
  source: `${url}/api/v1.1.0/recording/download?recording=${recording}`,
  endpoint: url,
  bucket: 'bench',
  key: `${serial}.wav`,
});
