import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { envSchema as archiveRecordingEnv } from '../../functions/archive-recording/env.ts';
import type { envSchema as cdrWebhookEnv } from '../../functions/cdr-webhook/env.ts';
import { type ArchiveConfig, hasPage } from '../config/archive-config.ts';
import { Monitoring } from '../monitoring/monitoring.ts';
import { AccessTable } from './access-table.ts';
import { ArchiveApi } from './archive-api.ts';
import { ArchiveFunction } from './archive-function.ts';
import { ArchivePage } from './archive-page.ts';
import { EncryptedQueue } from './encrypted-queue.ts';
import { PbxNetwork } from './pbx-network.ts';
import { PbxResources } from './pbx-resources.ts';
import { PlainHttpEndpoint } from './plain-http-endpoint.ts';
import { Reconciliation } from './reconciliation.ts';
import { RecordingApi } from './recording-api.ts';
import { RecordingBucket } from './recording-bucket.ts';
import { RecordingIndex } from './recording-index.ts';
import { RecordingLinks } from './recording-links.ts';
import { addRegistryLayer, buildAccessSettings, registryFile } from './registry-layer.ts';
import { addSessionRenewal } from './session-renewal.ts';
import { addOutputs } from './stack-outputs.ts';

/**
 * Reports arrive through the API and become jobs in the queue of their PBX. Jobs become recordings in the bucket, to
 * which the API also hands out links.
 */
export class ArchiveStack extends Stack {
  constructor(scope: Construct, config: ArchiveConfig, props?: StackProps) {
    super(scope, config.stackName, { ...props, tags: config.tags });
    const { stackName } = config;
    const { allowedOrigins, origin } = config.links;
    const logRetention = config.logRetentionDays;

    const accessTable = new AccessTable(this, 'Access');
    const deadLetterQueue = new EncryptedQueue(this, 'DeadLetterQueue');
    const api = new RecordingApi(this, 'Api', { stackName, links: config.links, logRetention });
    // The page fetches recordings to decode and to draw them. It is also at the API's own address, whatever leads there.
    const pageOrigins = [...(origin === undefined ? [] : [origin]), `https://${api.host}`];
    const origins = hasPage(config.links) ? [...allowedOrigins, ...pageOrigins] : allowedOrigins;
    const bucketOrigins = allowedOrigins.includes('*') ? ['*'] : origins;
    const recordings = new RecordingBucket(this, 'Recordings', config.bucket, bucketOrigins);
    const reportHost = config.webhook.plainHttp
      ? // Keep this id: another would replace the distribution, and with it the host that PBXs post to.
        new PlainHttpEndpoint(this, 'PlainHttpFront', api.host).host
      : api.host;
    const layers = [addRegistryLayer(this, config)];
    const network = config.network && new PbxNetwork(this, 'Network', config.network);
    const queueUrlBase = `https://sqs.${this.region}.${this.urlSuffix}/${this.account}/`;

    const index = new RecordingIndex(this, 'Index', {
      stackName,
      recordings,
      events: config.events,
      layers,
      logRetention,
    });

    const { pbxSession, sessionQueue } = addSessionRenewal(this, {
      environment: {
        STACK_NAME: stackName,
        PBX_REGISTRY_FILE: registryFile,
        BUCKET_NAME: recordings.bucket.bucketName,
        INDEX_TABLE: index.table.tableName,
        REPORT_HOST: reportHost,
      },
      deadLetterQueue,
      layers,
      network,
      logRetention,
    });
    recordings.grantLogins(pbxSession.role);
    index.table.allow(pbxSession.role, 'UpdateItem');

    const archiver = new ArchiveFunction<InferInput<typeof archiveRecordingEnv>>(this, 'ArchiveRecording', {
      feature: 'archive-recording',
      description: 'Copies one recording from its PBX to the bucket',
      // It mostly waits for the PBX, so more CPU would not help. docs/benchmarks.md has its peak memory.
      memoryMb: 192,
      // After 16 runs, Lambda mistakes a function that sends to its own queue for an infinite loop. A long call over
      // a slow line may need more. The job's age limits them instead.
      recursiveLoop: RecursiveLoop.ALLOW,
      environment: {
        STACK_NAME: stackName,
        PBX_REGISTRY_FILE: registryFile,
        QUEUE_URL_BASE: queueUrlBase,
        DEAD_LETTER_QUEUE_URL: deadLetterQueue.queueUrl,
        BUCKET_NAME: recordings.bucket.bucketName,
        REPORT_HOST: reportHost,
      },
      layers,
      network,
      logRetention,
    });
    recordings.grantArchive(archiver.role);
    recordings.grantLogins(archiver.role);
    deadLetterQueue.grantSend(archiver.role);

    const { reconciler } = new Reconciliation(this, 'Reconciliation', {
      schedules: config.reconciliation,
      pbxs: config.pbxs,
      environment: {
        STACK_NAME: stackName,
        PBX_REGISTRY_FILE: registryFile,
        QUEUE_URL_BASE: queueUrlBase,
        BUCKET_NAME: recordings.bucket.bucketName,
        INDEX_TABLE: index.table.tableName,
        INDEX_QUEUE_URL: index.queue.queueUrl,
        REPORT_HOST: reportHost,
      },
      recordings,
      layers,
      network,
      logRetention,
    });
    recordings.grantLogins(reconciler.role);
    index.queue.grantSend(reconciler.role);
    index.table.allow(reconciler.role, 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem');

    const webhook = new ArchiveFunction<InferInput<typeof cdrWebhookEnv>>(this, 'CdrWebhook', {
      feature: 'cdr-webhook',
      description: 'Receives the reports of the PBXs and queues a job for each recorded call',
      environment: {
        STACK_NAME: stackName,
        PBX_REGISTRY_FILE: registryFile,
        QUEUE_URL_BASE: queueUrlBase,
        DEAD_LETTER_QUEUE_URL: deadLetterQueue.queueUrl,
        SESSION_QUEUE_URL: sessionQueue.queueUrl,
      },
      layers,
      logRetention,
    });
    deadLetterQueue.grantSend(webhook.role);
    sessionQueue.grantSend(webhook.role);
    api.addReports(webhook.handler);

    const pbxs = new Construct(this, 'Pbx');
    const queues: Record<string, IQueue> = {};
    for (const [pbxId, { family, maxConcurrency }] of Object.entries(config.pbxs)) {
      const shared = { stackName, deadLetterQueue, archiver };
      const pbx = new PbxResources(pbxs, pbxId, { family, maxConcurrency, ...shared });
      pbx.grantReports(webhook.role);
      pbx.grantSession(pbxSession.role);
      // A function that finds the session expired logs in again itself.
      pbx.grantSession(archiver.role);
      pbx.grantSession(reconciler.role);
      pbx.queue.grantSend(reconciler.role);
      pbx.grantRetries(archiver.role);
      queues[pbxId] = pbx.queue;
    }

    const links = new RecordingLinks(this, 'RecordingLink', {
      stackName,
      links: config.links,
      recordings,
      accessTable,
      layers,
      logRetention,
    });
    const published = buildAccessSettings(config).events?.types;
    if (published?.includes('Recording Accessed')) index.grantPublish(links.role);
    api.addLinks(links.handler);
    const archiveApi = new ArchiveApi(this, 'ArchiveApi', {
      stackName,
      links: config.links,
      linkToken: links.token,
      recordings,
      index: index.table,
      accessTable,
      layers,
      logRetention,
    });
    if (published) index.grantPublish(archiveApi.role);
    api.addApi(archiveApi.handler);

    const page = hasPage(config.links)
      ? new ArchivePage(this, 'Page', { links: config.links, recordings, logRetention })
      : undefined;
    if (page) api.addPage(page.handler);

    const functions = {
      CdrWebhook: webhook.handler,
      ArchiveRecording: archiver.handler,
      PbxSession: pbxSession.handler,
      Reconcile: reconciler.handler,
      IndexRecording: index.indexer.handler,
      RecordingLink: links.handler,
      ArchiveApi: archiveApi.handler,
      ...(page && { ArchivePage: page.handler }),
    };
    // Keep this id: with another, CloudFormation would create each alarm again, under a name that is taken.
    const { topic } = new Monitoring(this, 'Operation', {
      stackName,
      email: config.alarms.email,
      deadLetterQueue,
      indexDeadLetterQueue: index.deadLetterQueue,
      eventDeadLetterQueue: index.webhook?.deadLetterQueue,
      functions,
      queues,
      reportingPbxIds: Object.entries(config.pbxs).flatMap(([id, { discoverEveryMinutes }]) =>
        discoverEveryMinutes === undefined ? [id] : [],
      ),
      reconcileEvery: Duration.hours(config.reconciliation.recent.everyHours),
      reconcileWidelyEvery: Duration.hours(config.reconciliation.wide.everyHours),
    });

    addOutputs(this, {
      stackName,
      pageUrl: page && `${pageOrigins[0]}/`,
      host: api.host,
      reportHost,
      recordings,
      accessTable,
      deadLetterQueue,
      index,
      pbxSession: pbxSession.handler,
      reconciler: reconciler.handler,
      topic,
      functions,
      linkToken: links.token,
    });
  }
}
