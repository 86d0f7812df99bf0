import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { generateCertificate, type TlsIdentity } from '../../infra/simulated-pbx/certificate.ts';
import { findFreePort } from '../infra/local/free-port.ts';
import { killGroup, spawnGroup } from './process-group.ts';
import { python } from './python.ts';
import { interrupted } from './run-program.ts';
import { account, awsHost, region, runDirectory } from './settings.ts';

export interface Emulator extends AsyncDisposable {
  /** `HOST:PORT` */
  readonly address: string;
  /** Path of the certificate that every client has to trust. */
  readonly certificate: string;
  readonly identity: TlsIdentity;
  readonly rootKeys: AccessKeys;
  /** What the emulator has denied to functions, although some of them do not need it at once. */
  assertNothingDenied(): void;
}

export interface AccessKeys {
  accessKeyId: string;
  secretAccessKey: string;
}

const STOP_TIMEOUT_MS = 5_000;

/** Starts ministack on loopback, with TLS and with permissions enforced. */
export async function startEmulator(): Promise<Emulator> {
  const [certificate, key] = [join(runDirectory, 'emulator.crt'), join(runDirectory, 'emulator.key')];
  const identity = await generateCertificate(['127.0.0.1', `*.execute-api.${awsHost}`]);
  await writeFile(certificate, identity.cert);
  await writeFile(key, identity.key, { mode: 0o600 });
  const temporary = join(runDirectory, 'tmp');
  await mkdir(temporary);
  // The functions are unpacked there. On Lambda no package.json makes ES modules of them, as this project's would.
  await writeFile(join(temporary, 'package.json'), '{}');
  const port = await findFreePort();
  const rootKeys = { accessKeyId: 'root', secretAccessKey: 'root' };

  const child = spawnGroup(python, [join(import.meta.dirname, 'emulator.py')], {
    cwd: runDirectory,
    // The functions inherit this environment.
    env: {
      // Lambda's own version of Node.js.
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: runDirectory,
      TMPDIR: temporary,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: awsHost,
      MINISTACK_ACCOUNT_ID: account,
      MINISTACK_REGION: region,
      AUTH: 'true',
      USE_SSL: '1',
      MINISTACK_SSL_CERT: certificate,
      MINISTACK_SSL_KEY: key,
      // For the issuer of JWTs, which has the same certificate.
      SSL_CERT_FILE: certificate,
      AWS_ACCESS_KEY_ID: rootKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: rootKeys.secretAccessKey,
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
    },
  });
  const ended = once(child, 'exit');
  const log = createWriteStream(join(runDirectory, 'emulator.log'));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ready = Promise.withResolvers<void>();
  const denied: string[] = [];
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (line) => {
      if (line.includes('Running on https://')) ready.resolve();
      if (/^DENIED .*:assumed-role\//.test(line)) denied.push(line);
    });
  interrupted.addEventListener('abort', () => ready.reject(interrupted.reason));
  child.once('error', ready.reject);
  child.once('exit', (status) => ready.reject(new Error(`The emulator ended with ${status}.`)));

  const emulator: Emulator = {
    address: `127.0.0.1:${port}`,
    certificate,
    identity,
    rootKeys,
    assertNothingDenied: () => assert.deepEqual(denied, []),
    async [Symbol.asyncDispose]() {
      killGroup(child, 'SIGTERM');
      const timer = setTimeout(killGroup, STOP_TIMEOUT_MS, child, 'SIGKILL');
      await ended;
      clearTimeout(timer);
      // The functions that it ran.
      killGroup(child, 'SIGKILL');
    },
  };
  await ready.promise.catch(async (error) => {
    await emulator[Symbol.asyncDispose]();
    throw error;
  });
  return emulator;
}
