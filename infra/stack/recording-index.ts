import { Duration } from 'aws-cdk-lib';
import { EventBus, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { envSchema } from '../../functions/index-recording/env.ts';
import { INDEX_EVENT_MAX_RECEIVES, visibilitySecondsFor } from '../../functions/shared/config/limits.ts';
import type { ArchiveConfig } from '../config/archive-config.ts';
import { ArchiveFunction, allow } from './archive-function.ts';
import { EncryptedQueue } from './encrypted-queue.ts';
import { EventWebhook } from './event-webhook.ts';
import { IndexTable } from './index-table.ts';
import { acceptFindings } from './nag.ts';
import type { RecordingBucket } from './recording-bucket.ts';
import { eventKeySecret, registryFile } from './registry-layer.ts';

type Environment = InferInput<typeof envSchema>;

interface RecordingIndexProps {
  readonly stackName: string;
  readonly recordings: RecordingBucket;
  readonly events: ArchiveConfig['events'];
  readonly layers: ILayerVersion[];
  readonly logRetention: RetentionDays;
}

/** The table in which recordings are found, and the function that keeps it up to date by the bucket's events. */
export class RecordingIndex extends Construct {
  readonly table: IndexTable;
  readonly indexer: ArchiveFunction<Environment>;
  /** Events of the bucket. */
  readonly queue: EncryptedQueue;
  /** Those that could not be handled. */
  readonly deadLetterQueue: EncryptedQueue;
  /** Absent unless somebody wants the events posted. */
  readonly webhook?: EventWebhook;
  private readonly bus: IEventBus;
  private readonly eventKey: Secret;

  constructor(scope: Construct, id: string, props: RecordingIndexProps) {
    super(scope, id);
    const { stackName, recordings, events, layers, logRetention } = props;
    const { bucketName } = recordings.bucket;
    this.table = new IndexTable(this, 'Table');
    this.indexer = new ArchiveFunction<Environment>(this, 'Indexer', {
      feature: 'index-recording',
      description: 'Keeps the index of the recordings up to date with the bucket',
      environment: {
        STACK_NAME: stackName,
        PBX_REGISTRY_FILE: registryFile,
        BUCKET_NAME: bucketName,
        INDEX_TABLE: this.table.tableName,
        EVENT_BUS: 'default',
        EVENT_NUMBERS: events.numbers ? 'on' : 'off',
        EVENT_KEY_SECRET: eventKeySecret(stackName),
      },
      layers,
      logRetention,
    });
    recordings.grantIndex(this.indexer.role);
    this.table.allow(this.indexer.role, 'DeleteItem', 'GetItem', 'PutItem', 'UpdateItem');

    this.bus = EventBus.fromEventBusName(this, 'Bus', 'default');
    this.eventKey = this.addEventKey(eventKeySecret(stackName));
    this.grantPublish(this.indexer.role);
    if (events.webhook) this.webhook = new EventWebhook(this, 'Webhook', { stackName, ...events.webhook });

    // Not the dead-letter queue of the jobs: these are less urgent, and have an alarm of their own.
    this.deadLetterQueue = new EncryptedQueue(this, 'DeadLetters');
    this.queue = new EncryptedQueue(this, 'Events', {
      visibilityTimeout: Duration.seconds(visibilitySecondsFor('index-recording')),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: INDEX_EVENT_MAX_RECEIVES },
    });
    // A lifecycle rule may delete many recordings at once, and a new account can run only ten functions.
    this.queue.deliverTo(this.indexer, { maxConcurrency: 5 });
    new Rule(this, 'Changes', {
      description: 'Passes changes of the recordings to the index',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created', 'Object Deleted', 'Object Restore Completed'],
        detail: {
          bucket: { name: [bucketName] },
          object: { key: [{ prefix: 'recordings/' }, { prefix: 'reconciliation/' }] },
        },
      },
      targets: [new SqsQueue(this.queue)],
    });
  }

  /** Allows publishing events of the archive. */
  grantPublish(role: Role): void {
    allow(role, ['events:PutEvents'], this.bus.eventBusArn);
    allow(role, ['secretsmanager:GetSecretValue'], this.eventKey.secretArn);
  }

  private addEventKey(secretName: string): Secret {
    const secret = new Secret(this, 'EventKey', {
      secretName,
      description: 'Key of the ids in events; nobody has to know it',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    acceptFindings(secret, {
      SMG4: 'With another key, the same recording would have another id in later events.',
    });
    return secret;
  }
}
