import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import type * as v from 'valibot';
import { createDynamoDbClient, createS3Client, emulatorKeys } from '../../functions/shared/aws-clients.ts';
import type { accessSchema } from '../../functions/shared/config/access-settings.ts';
import { readCredentials } from '../../functions/shared/config/credentials.ts';
import {
  DEFAULT_ACCESS_LOG_DAYS,
  DEFAULT_CONCURRENCY,
  DEFAULT_MAX_LINK_AGE_SECONDS,
  DEFAULT_MAX_SHARE_DAYS,
  DEFAULT_RECONCILIATION,
  DEFAULT_SHARE_DAYS,
  MESSAGE_RETENTION_DAYS,
  SESSION_PERIOD_MINUTES,
  TIMEOUT_SECONDS,
  visibilitySecondsFor,
} from '../../functions/shared/config/limits.ts';
import {
  type Pbx,
  readPbxRegistry,
  type registrySchema,
} from '../../functions/shared/config/pbx-registry.ts';
import { createSecrets } from '../../functions/shared/config/secrets.ts';
import { ACCESS_TABLE, INDEX_TABLE } from '../../functions/shared/config/tables.ts';
import { createLoginStore } from '../../functions/shared/session/login-store.ts';
import { subscriptionOf } from '../../functions/shared/session/subscription.ts';
import { log } from '../../functions/shared/telemetry/log.ts';
import { buildPage } from '../page/build-page.ts';
import { applyEnvironment } from '../shared/environment.ts';
import { removeHostFile, writeHostFile } from '../shared/host-file.ts';
import { createBucketEvents } from './bucket-events.ts';
import { replaceFile } from './durable-file.ts';
import { ensureTable } from './dynamodb.ts';
import { startEmulators } from './emulators.ts';
import { type HttpHandler, type Routes, startHttpServer } from './http-server.ts';
import { createContext, pollQueue, type QueueHandler } from './queue-poller.ts';
import { repairIndex } from './repair-index.ts';
import {
  ensureBucket,
  ensureQueue,
  ensureSecret,
  generateSecret,
  releaseLogin,
  storeCredentials,
} from './resources.ts';

const HOUR_MS = 60 * 60_000;
/** Reconciliation leaves the calls of the last ten minutes to their reports. */
const CATCH_UP_AGAIN_MS = 11 * 60_000;
const LINK_TOKEN_SECRET = 'link-token';
const TABLES = { INDEX_TABLE: 'recording-index', ACCESS_TABLE: 'access' };
const ACCESS_SETTINGS: v.InferInput<typeof accessSchema> = {
  shares: { allowed: true, maxDays: DEFAULT_MAX_SHARE_DAYS, defaultDays: DEFAULT_SHARE_DAYS },
  accessLogDays: DEFAULT_ACCESS_LOG_DAYS,
};
const INDEX_CONCURRENCY = 2;
/** The account id of fauxqs. */
const ACCOUNT = '000000000000';

type RegistryEntry = v.InferInput<typeof registrySchema>[string];

/** Distributes over the families: `Omit` alone would keep only the fields that all of them have. */
type WithoutNames<Entry> = Entry extends RegistryEntry
  ? Omit<Entry, 'credentialsSecret' | 'sessionSecret' | 'queueName'>
  : never;

export type LocalPbx = WithoutNames<RegistryEntry> & {
  /** As a person enters them in the secret. */
  credentials: Readonly<Record<string, string>>;
};

export interface HostOptions {
  /** Holds all state across restarts. */
  directory: string;
  /** Port of the HTTP server; 0 for any free one. */
  port: number;
  /** Address to listen on; `undefined` for all, IPv6 and IPv4. */
  hostname: string | undefined;
  pbxs: Readonly<Record<string, LocalPbx>>;
  bucket: string;
  /** Delay of a job's first attempt: a recording may not be ready right at hang-up. */
  jobDelaySeconds: number;
}

export interface SessionReport {
  sessions: { pbx: string; outcome: string; code?: string; message?: string }[];
}

export interface ReconcileReport {
  pbxs: { pbx: string; outcome: string; found: number; queued: number }[];
}

export interface Host {
  /** URL of the HTTP server on this machine. */
  url: string;
  /** Path of the file with the bearer token for links. */
  linkTokenFile: string;
  /** Runs pbx-session, as its schedule does. */
  keepSessions(request?: { retryLogin?: boolean }): Promise<SessionReport>;
  /** Runs reconcile, as its schedules and people do. */
  reconcile(
    request: { pbx?: string; hours: number } | { from: string; to: string },
  ): Promise<ReconcileReport>;
  /** Begins to look for calls that ended while no host was running. Needs a session. */
  catchUp(): void;
  /** Where this PBX posts its reports, if the login does not tell it. Ends in a secret. */
  webhookUrlOf(pbx: string): Promise<string>;
  /** How many jobs are being done. `close` waits for them. */
  countActiveJobs(): number;
  close(): Promise<void>;
}

/**
 * Runs the functions in this process as Lambda and API Gateway would. A process can have only one host, because
 * the functions read the environment when they are loaded.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  await using cleanup = new AsyncDisposableStack();
  const { directory, bucket } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const routes = Promise.withResolvers<Routes>();
  const httpServer = await startHttpServer(routes.promise, options.port, options.hostname);
  cleanup.defer(() => httpServer.close());
  // A killed host leaves its file behind, which would send commands to ports that are no longer its.
  await removeHostFile(directory);
  const bucketEvents = createBucketEvents();
  const { sqs: emulator, environment } = await startEmulators(directory, cleanup, {
    onEvent: bucketEvents.add,
    allowedOrigins: ['127.0.0.1', 'localhost'].map((name) => `http://${name}:${httpServer.port}`),
  });
  cleanup.defer(() => bucketEvents.flush());
  const sqs = new SQSClient(emulatorKeys());
  const secrets = new SecretsManagerClient(emulatorKeys());

  const s3 = createS3Client();
  await ensureBucket(s3, bucket);
  const linkTokenFile = join(directory, 'link-token');
  const linkToken = await ensureSecret(secrets, LINK_TOKEN_SECRET, generateSecret());
  await replaceFile(linkTokenFile, linkToken);
  const registry = await registerPbxs(options.pbxs, secrets);
  for (const id of Object.keys(registry)) await releaseLogin(createLoginStore(s3, bucket, id));
  const registryFile = resolve(directory, 'pbx-registry.json');
  await replaceFile(registryFile, JSON.stringify(registry, undefined, 2));
  const accessFile = resolve(directory, 'access.json');
  await replaceFile(accessFile, JSON.stringify(ACCESS_SETTINGS, undefined, 2));
  const dynamoDb = new DynamoDBClient(emulatorKeys());
  await ensureTable(dynamoDb, TABLES.INDEX_TABLE, INDEX_TABLE);
  await ensureTable(dynamoDb, TABLES.ACCESS_TABLE, ACCESS_TABLE);

  const s3Origin = new URL(environment.AWS_ENDPOINT_URL_S3 ?? '').origin;
  const pageDirectory = join(directory, 'page');
  buildPage(pageDirectory);

  const queueUrlBase = `${emulator.address}/${ACCOUNT}/`;
  const createQueue = async (name: string, attributes: Parameters<typeof ensureQueue>[2] = {}) => {
    const url = queueUrlBase + name;
    await ensureQueue(sqs, url, {
      MessageRetentionPeriod: String(MESSAGE_RETENTION_DAYS * 24 * 60 * 60),
      ...attributes,
    });
    return url;
  };
  const deadLetterQueueUrl = await createQueue('dead-letters');
  const sessionQueueUrl = await createQueue('session-requests', visibilityTimeout('pbx-session'));
  const indexQueueUrl = await createQueue('index-events', visibilityTimeout('index-recording'));
  bucketEvents.deliver((event) =>
    sqs.send(new SendMessageCommand({ QueueUrl: indexQueueUrl, MessageBody: JSON.stringify(event) })),
  );
  const jobQueueUrls: string[] = [];
  for (const { queueName } of Object.values(registry)) {
    const delay = { DelaySeconds: String(options.jobDelaySeconds) };
    jobQueueUrls.push(await createQueue(queueName, { ...visibilityTimeout('archive-recording'), ...delay }));
  }

  Object.assign(environment, {
    PBX_REGISTRY_FILE: registryFile,
    ACCESS_FILE: accessFile,
    ...TABLES,
    // There is no EventBridge, and nobody to hear of it.
    EVENT_BUS: 'none',
    EVENT_NUMBERS: 'off',
    EVENT_KEY_SECRET: 'none',
    QUEUE_URL_BASE: queueUrlBase,
    DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
    SESSION_QUEUE_URL: sessionQueueUrl,
    INDEX_QUEUE_URL: indexQueueUrl,
    BUCKET_NAME: bucket,
    REPORT_HOST: `127.0.0.1:${httpServer.port}`,
    LINK_AUTHORIZATION: 'token',
    LINK_TOKEN_SECRET,
    SESSION_COOKIE: 'pbx-archive-session',
    MAX_LINK_AGE_SECONDS: String(DEFAULT_MAX_LINK_AGE_SECONDS),
    STACK_NAME: 'local',
    // Nothing reads metrics here.
    POWERTOOLS_METRICS_DISABLED: 'true',
    PAGE_DIRECTORY: pageDirectory,
    MEDIA_SOURCES: s3Origin,
    CONNECT_SOURCES: s3Origin,
  });
  applyEnvironment(environment);
  const archiveRecording = await loadHandler<QueueHandler>('archive-recording');
  const indexRecording = await loadHandler<QueueHandler>('index-recording');
  const reconciler =
    await loadHandler<(event: object, context: Context) => ReturnType<Host['reconcile']>>('reconcile');
  const reconcile: Host['reconcile'] = (request) =>
    reconciler(request, createContext(timeoutMs('reconcile')));
  const pbxSession = await loadHandler<QueueHandler & ((event: object) => Promise<SessionReport>)>(
    'pbx-session',
  );
  const recordingLink = await loadHandler<HttpHandler>('recording-link');
  const archiveApi = await loadHandler<HttpHandler>('archive-api');
  const archivePage = await loadHandler<HttpHandler>('archive-page');
  routes.resolve({
    'GET /api/{proxy+}': archiveApi,
    'POST /api/{proxy+}': archiveApi,
    'DELETE /api/{proxy+}': archiveApi,
    'GET /': archivePage,
    'GET /s': archivePage,
    'GET /assets/{file}': archivePage,
    'POST /reports/{pbxId}/{secret}': await loadHandler<HttpHandler>('cdr-webhook'),
    'GET /recordings/{pbxId}/{recording}': recordingLink,
    'HEAD /recordings/{pbxId}/{recording}': recordingLink,
    'GET /recordings/{pbxId}': recordingLink,
    'HEAD /recordings/{pbxId}': recordingLink,
  });

  let activeJobs = 0;
  const countedArchiveRecording: QueueHandler = async (...invocation) => {
    activeJobs += 1;
    try {
      return await archiveRecording(...invocation);
    } finally {
      activeJobs -= 1;
    }
  };
  const stopping = new AbortController();
  const poll = (queueUrl: string, handler: QueueHandler, concurrency: number, limitMs: number) =>
    pollQueue(
      sqs,
      { queueUrl, queueArn: arnOf(queueUrl), handler, concurrency, timeoutMs: limitMs },
      stopping.signal,
    );
  const polling = [
    poll(sessionQueueUrl, pbxSession, 1, timeoutMs('pbx-session')),
    poll(indexQueueUrl, indexRecording, INDEX_CONCURRENCY, timeoutMs('index-recording')),
    ...jobQueueUrls.map((url) =>
      poll(url, countedArchiveRecording, DEFAULT_CONCURRENCY, timeoutMs('archive-recording')),
    ),
  ];
  const repairing = repairIndex(
    {
      s3,
      bucket,
      dynamoDb: createDynamoDbClient(),
      tableName: TABLES.INDEX_TABLE,
      registry: readPbxRegistry(registryFile),
    },
    stopping.signal,
  );
  cleanup.defer(async () => {
    stopping.abort();
    await Promise.all([...polling, repairing]);
  });
  const inBackground = (run: () => Promise<unknown>) => {
    run().catch((error: unknown) => log('error', 'schedule-failed', { reason: String(error) }));
  };
  const every = (periodMs: number, run: () => Promise<unknown>) => {
    const schedule = setInterval(() => inBackground(run), periodMs);
    cleanup.defer(() => clearInterval(schedule));
  };
  every(SESSION_PERIOD_MINUTES * 60_000, () => pbxSession({}));
  for (const { everyHours, overHours } of Object.values(DEFAULT_RECONCILIATION)) {
    every(everyHours * HOUR_MS, () => reconcile({ hours: overHours }));
  }
  for (const [pbx, { discoverEveryMinutes }] of Object.entries(options.pbxs)) {
    if (discoverEveryMinutes !== undefined)
      every(discoverEveryMinutes * 60_000, () => reconcile({ pbx, hours: 1 }));
  }
  let catchUpAgain: NodeJS.Timeout | undefined;
  cleanup.defer(() => clearTimeout(catchUpAgain));
  const catchUp = () => {
    const { recent, wide } = DEFAULT_RECONCILIATION;
    inBackground(() => reconcile({ hours: wide.overHours }));
    catchUpAgain = setTimeout(
      () => inBackground(() => reconcile({ hours: recent.overHours })),
      CATCH_UP_AGAIN_MS,
    );
  };
  cleanup.defer(() => removeHostFile(directory));
  await writeHostFile(directory, environment);

  const running = cleanup.move();
  return {
    url: `http://127.0.0.1:${httpServer.port}`,
    linkTokenFile,
    keepSessions: (request = {}) => pbxSession(request),
    reconcile,
    catchUp,
    async webhookUrlOf(pbx) {
      const settings = readPbxRegistry(registryFile)[pbx] as Pbx;
      const { webhookSecret } = await readCredentials(settings, createSecrets(secrets));
      return subscriptionOf(pbx, settings, `127.0.0.1:${httpServer.port}`, webhookSecret).url;
    },
    countActiveJobs: () => activeJobs,
    close: () => running.disposeAsync(),
  };
}

/** Stores the PBXs' credentials, as a person would in Secrets Manager, and returns the registry. */
async function registerPbxs(pbxs: HostOptions['pbxs'], client: SecretsManagerClient) {
  const registry: Record<string, RegistryEntry> = {};
  for (const [id, { credentials, ...settings }] of Object.entries(pbxs)) {
    const names = {
      credentialsSecret: `pbx/${id}`,
      sessionSecret: `session/${id}`,
      queueName: `recordings-${id}`,
    };
    registry[id] = { ...settings, ...names };
    await storeCredentials(client, names.credentialsSecret, credentials);
    await ensureSecret(client, names.sessionSecret, '{}');
  }
  return registry;
}

const visibilityTimeout = (feature: 'archive-recording' | 'index-recording' | 'pbx-session') => ({
  VisibilityTimeout: String(visibilitySecondsFor(feature)),
});

const timeoutMs = (feature: keyof typeof TIMEOUT_SECONDS) => 1000 * TIMEOUT_SECONDS[feature];

/** Loads a function's handler by its path, as the stack does. */
async function loadHandler<Handler>(name: string): Promise<Handler> {
  const module = await import(`../../functions/${name}/handler.ts`);
  return module.handler;
}

const arnOf = (queueUrl: string) =>
  `arn:aws:sqs:${process.env.AWS_REGION}:${ACCOUNT}:${queueUrl.split('/').at(-1)}`;
