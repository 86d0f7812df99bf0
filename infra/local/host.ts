import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createDynamoDbClient, createS3Client, emulatorKeys } from '../../functions/shared/aws-clients.ts';
import { readCredentials } from '../../functions/shared/config/credentials.ts';
import { DEFAULT_MAX_LINK_AGE_SECONDS } from '../../functions/shared/config/limits.ts';
import type { Pbx } from '../../functions/shared/config/pbx-registry.ts';
import { createSecrets } from '../../functions/shared/config/secrets.ts';
import { subscriptionOf } from '../../functions/shared/session/subscription.ts';
import { buildPage } from '../page/build-page.ts';
import { applyEnvironment } from '../shared/environment.ts';
import { removeHostFile, writeHostFile } from '../shared/host-file.ts';
import { createBucketEvents } from './bucket-events.ts';
import { startEmulators } from './emulators.ts';
import type { Routes } from './http-event.ts';
import { startHttpServer } from './http-server.ts';
import { loadFunctions, type Reconcile, type SessionReport } from './load-functions.ts';
import { pollQueues, prepareQueues, type Queues } from './local-queues.ts';
import { LINK_TOKEN_SECRET, prepareStores, type Stores, TABLES } from './prepare-stores.ts';
import type { QueueHandler } from './queue-poller.ts';
import type { LocalPbx } from './register-pbxs.ts';
import { repairIndex } from './repair-index.ts';
import { startSchedules } from './schedules.ts';

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

export interface Host {
  /** URL of the HTTP server on this machine. */
  url: string;
  /** Path of the file with the bearer token for links. */
  linkTokenFile: string;
  /** Runs pbx-session, as its schedule does. */
  keepSessions(request?: { retryLogin?: boolean }): Promise<SessionReport>;
  /** Runs reconcile, as its schedules and people do. */
  reconcile: Reconcile;
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
  const stores = await prepareStores(options, {
    s3,
    secrets,
    dynamoDb: new DynamoDBClient(emulatorKeys()),
  });
  const { registry } = stores;
  const pageDirectory = join(directory, 'page');
  buildPage(pageDirectory);
  const queues = await prepareQueues(sqs, emulator.address, {
    names: Object.values(registry).map(({ queueName }) => queueName),
    delaySeconds: options.jobDelaySeconds,
  });
  bucketEvents.deliver((event) =>
    sqs.send(new SendMessageCommand({ QueueUrl: queues.indexEventsUrl, MessageBody: JSON.stringify(event) })),
  );

  const reportHost = `127.0.0.1:${httpServer.port}`;
  Object.assign(
    environment,
    environmentOf({
      stores,
      queues,
      bucket,
      pageDirectory,
      reportHost,
      s3Origin: new URL(environment.AWS_ENDPOINT_URL_S3 ?? '').origin,
    }),
  );
  applyEnvironment(environment);
  const functions = await loadFunctions();
  routes.resolve(functions.routes);

  const jobs = countRunning(functions.archiveRecording);
  const stopping = new AbortController();
  const running = [
    pollQueues(sqs, queues, { ...functions, archiveRecording: jobs.handler }, stopping.signal),
    repairIndex(
      { s3, bucket, dynamoDb: createDynamoDbClient(), tableName: TABLES.INDEX_TABLE, registry },
      stopping.signal,
    ),
  ];
  cleanup.defer(async () => {
    stopping.abort();
    await Promise.all(running);
  });
  const schedules = startSchedules(functions, registry);
  cleanup.defer(() => schedules.stop());
  cleanup.defer(() => removeHostFile(directory));
  await writeHostFile(directory, environment);

  const started = cleanup.move();
  return {
    url: `http://${reportHost}`,
    linkTokenFile: stores.linkTokenFile,
    keepSessions: (request = {}) => functions.pbxSession(request),
    reconcile: functions.reconcile,
    catchUp: schedules.catchUp,
    async webhookUrlOf(pbx) {
      const settings = registry[pbx] as Pbx;
      const { webhookSecret } = await readCredentials(settings, createSecrets(secrets));
      return subscriptionOf(pbx, settings, reportHost, webhookSecret).url;
    },
    countActiveJobs: jobs.count,
    close: () => started.disposeAsync(),
  };
}

interface Places {
  stores: Stores;
  queues: Queues;
  bucket: string;
  pageDirectory: string;
  reportHost: string;
  s3Origin: string;
}

/** What the functions read from the environment, besides the addresses of the emulators. */
const environmentOf = ({ stores, queues, bucket, pageDirectory, reportHost, s3Origin }: Places) => ({
  PBX_REGISTRY_FILE: stores.registryFile,
  ACCESS_FILE: stores.accessFile,
  ...TABLES,
  // There is no EventBridge, and nobody to hear of it.
  EVENT_BUS: 'none',
  EVENT_NUMBERS: 'off',
  EVENT_KEY_SECRET: 'none',
  QUEUE_URL_BASE: queues.urlBase,
  DEAD_LETTER_QUEUE_URL: queues.deadLettersUrl,
  SESSION_QUEUE_URL: queues.sessionRequestsUrl,
  INDEX_QUEUE_URL: queues.indexEventsUrl,
  BUCKET_NAME: bucket,
  REPORT_HOST: reportHost,
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

function countRunning(handler: QueueHandler): { handler: QueueHandler; count(): number } {
  let running = 0;
  return {
    count: () => running,
    async handler(...invocation) {
      running += 1;
      try {
        return await handler(...invocation);
      } finally {
        running -= 1;
      }
    },
  };
}
