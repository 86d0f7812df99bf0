import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import type * as v from 'valibot';
import { createS3Client } from '../../functions/shared/aws-clients.ts';
import {
  DEFAULT_CONCURRENCY,
  DEFAULT_MAX_LINK_AGE_SECONDS,
  DEFAULT_RECONCILIATION,
  MESSAGE_RETENTION_DAYS,
  SESSION_PERIOD_MINUTES,
  TIMEOUT_SECONDS,
  visibilitySecondsFor,
} from '../../functions/shared/config/limits.ts';
import type { registrySchema } from '../../functions/shared/config/pbx-registry.ts';
import { createSecrets } from '../../functions/shared/config/secrets.ts';
import { createSessionStore } from '../../functions/shared/session/session-store.ts';
import { log } from '../../functions/shared/telemetry/log.ts';
import { enterEnvironment } from '../shared/environment.ts';
import { removeHostFile, writeHostFile } from '../shared/host-file.ts';
import { releaseMessages } from './embedded-sqs.ts';
import { startEmulators } from './emulators.ts';
import { type HttpHandler, type Routes, startHttpServer } from './http-server.ts';
import { createContext, pollQueue, type QueueHandler } from './queue-poller.ts';
import {
  ensureBucket,
  ensureQueue,
  ensureSecret,
  enterCredentials,
  generateSecret,
  releaseLogin,
} from './resources.ts';

const HOUR_MS = 60 * 60_000;
const LINK_TOKEN_SECRET = 'link-token';
/** Fauxqs's. */
const ACCOUNT = '000000000000';

type RegistryEntry = v.InferInput<typeof registrySchema>[string];

export interface LocalPbx extends Omit<RegistryEntry, 'credentialsSecret' | 'sessionSecret' | 'queueName'> {
  credentials: { username: string; password: string };
}

export interface HostOptions {
  /** Where everything is kept, across restarts. */
  directory: string;
  /** Of the HTTP front; 0 for any free one. */
  port: number;
  hostname: string;
  pbxs: Readonly<Record<string, LocalPbx>>;
  bucket: string;
  /** What a job waits before its first attempt; a recording may not be ready right at hang-up. */
  jobDelaySeconds: number;
}

export interface SessionReport {
  sessions: { pbx: string; outcome: string; code?: string; message?: string }[];
}

export interface ReconcileReport {
  pbxs: { pbx: string; outcome: string; found: number; queued: number }[];
}

export interface Host {
  /** The HTTP front, as seen from this machine. */
  url: string;
  /** File with the bearer token for links. */
  linkTokenFile: string;
  /** Runs pbx-session, as its schedule does. */
  keepSessions(request?: { retryLogin?: boolean }): Promise<SessionReport>;
  /** Runs reconcile, as its schedules and people do. */
  reconcile(request: { hours: number } | { from: string; to: string }): Promise<ReconcileReport>;
  close(): Promise<void>;
}

/**
 * Runs the functions in this process as Lambda and API Gateway run them. The functions read the process's
 * environment when they are loaded, so there can be one host in a process.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  await using starting = new AsyncDisposableStack();
  const { directory, bucket } = options;
  await mkdir(directory, { recursive: true });
  const loaded = Promise.withResolvers<Routes>();
  const front = await startHttpServer(loaded.promise, options.port, options.hostname);
  starting.defer(() => front.close());
  const { sqs: emulator, environment } = await startEmulators(directory, starting);
  const sqs = new SQSClient();
  const secrets = new SecretsManagerClient();

  await ensureBucket(createS3Client(), bucket);
  const linkTokenFile = join(directory, 'link-token');
  const linkToken = await ensureSecret(secrets, LINK_TOKEN_SECRET, generateSecret());
  await writeFile(linkTokenFile, linkToken, { mode: 0o600 });
  const registry = await registerPbxs(options.pbxs, secrets);
  const registryFile = resolve(directory, 'pbx-registry.json');
  await writeFile(registryFile, JSON.stringify(registry, undefined, 2));

  const queueUrlBase = `${emulator.address}/${ACCOUNT}/`;
  const queue = async (name: string, attributes: Parameters<typeof ensureQueue>[2] = {}) => {
    const url = queueUrlBase + name;
    await ensureQueue(sqs, url, {
      MessageRetentionPeriod: String(MESSAGE_RETENTION_DAYS * 24 * 60 * 60),
      ...attributes,
    });
    return url;
  };
  const deadLetterQueueUrl = await queue('dead-letters');
  const sessionQueueUrl = await queue('session-requests', visibility('pbx-session'));
  const jobQueueUrls: string[] = [];
  for (const { queueName } of Object.values(registry)) {
    const delay = { DelaySeconds: String(options.jobDelaySeconds) };
    jobQueueUrls.push(await queue(queueName, { ...visibility('archive-recording'), ...delay }));
  }
  for (const url of [sessionQueueUrl, ...jobQueueUrls]) await releaseMessages(emulator, sqs, url);

  Object.assign(environment, {
    PBX_REGISTRY_FILE: registryFile,
    QUEUE_URL_BASE: queueUrlBase,
    DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
    SESSION_QUEUE_URL: sessionQueueUrl,
    BUCKET_NAME: bucket,
    REPORT_HOST: `127.0.0.1:${front.port}`,
    LINK_AUTHORIZATION: 'token',
    LINK_TOKEN_SECRET,
    MAX_LINK_AGE_SECONDS: String(DEFAULT_MAX_LINK_AGE_SECONDS),
    STACK_NAME: 'local',
    // There is nobody to read metrics here.
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  enterEnvironment(environment);
  const archiveRecording = await load<QueueHandler>('archive-recording');
  const reconciler =
    await load<(event: object, context: Context) => ReturnType<Host['reconcile']>>('reconcile');
  const reconcile: Host['reconcile'] = (request) =>
    reconciler(request, createContext(timeoutMs('reconcile')));
  const pbxSession = await load<QueueHandler & ((event: object) => Promise<SessionReport>)>('pbx-session');
  loaded.resolve({
    'POST /reports/{pbxId}/{secret}': await load<HttpHandler>('cdr-webhook'),
    'GET /recordings/{pbxId}/{recording}': await load<HttpHandler>('recording-link'),
  });

  const stopping = new AbortController();
  const poll = (queueUrl: string, handler: QueueHandler, concurrency: number, limitMs: number) =>
    pollQueue(
      sqs,
      { queueUrl, queueArn: arnOf(queueUrl), handler, concurrency, timeoutMs: limitMs },
      stopping.signal,
    );
  const polling = [
    poll(sessionQueueUrl, pbxSession, 1, timeoutMs('pbx-session')),
    ...jobQueueUrls.map((url) =>
      poll(url, archiveRecording, DEFAULT_CONCURRENCY, timeoutMs('archive-recording')),
    ),
  ];
  starting.defer(async () => {
    stopping.abort();
    await Promise.all(polling);
  });
  const every = (periodMs: number, run: () => Promise<unknown>) => {
    const schedule = setInterval(() => {
      run().catch((error: unknown) => log('error', 'schedule-failed', { reason: String(error) }));
    }, periodMs);
    starting.defer(() => clearInterval(schedule));
  };
  every(SESSION_PERIOD_MINUTES * 60_000, () => pbxSession({}));
  for (const { everyHours, overHours } of Object.values(DEFAULT_RECONCILIATION)) {
    every(everyHours * HOUR_MS, () => reconcile({ hours: overHours }));
  }
  starting.defer(() => removeHostFile(directory));
  await writeHostFile(directory, environment);

  const running = starting.move();
  return {
    url: `http://127.0.0.1:${front.port}`,
    linkTokenFile,
    keepSessions: (request = {}) => pbxSession(request),
    reconcile,
    close: () => running.disposeAsync(),
  };
}

/** Enters the PBXs' credentials as a person does in Secrets Manager, and names what belongs to each. */
async function registerPbxs(pbxs: HostOptions['pbxs'], client: SecretsManagerClient) {
  const registry: Record<string, RegistryEntry> = {};
  for (const [id, { credentials, ...settings }] of Object.entries(pbxs)) {
    const names = {
      credentialsSecret: `pbx/${id}`,
      sessionSecret: `session/${id}`,
      queueName: `recordings-${id}`,
    };
    registry[id] = { ...settings, ...names };
    await enterCredentials(client, names.credentialsSecret, credentials);
    await ensureSecret(client, names.sessionSecret, '{}');
    await releaseLogin(createSessionStore(names.sessionSecret, createSecrets(client)));
  }
  return registry;
}

const visibility = (feature: 'archive-recording' | 'pbx-session') => ({
  VisibilityTimeout: String(visibilitySecondsFor(feature)),
});

const timeoutMs = (feature: keyof typeof TIMEOUT_SECONDS) => 1000 * TIMEOUT_SECONDS[feature];

/** By entry path, as the stack does. */
async function load<Handler>(name: string): Promise<Handler> {
  const module = await import(`../../functions/${name}/handler.ts`);
  return module.handler;
}

const arnOf = (queueUrl: string) =>
  `arn:aws:sqs:${process.env.AWS_REGION}:${ACCOUNT}:${queueUrl.split('/').at(-1)}`;
