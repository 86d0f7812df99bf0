import { Duration } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  JOB_DELAY_SECONDS,
  JOB_MAX_RECEIVES,
  visibilitySecondsFor,
} from '../../functions/shared/config/limits.ts';
import { type ArchiveFunction, allow } from './archive-function.ts';
import { EncryptedQueue } from './encrypted-queue.ts';
import { acceptFindings } from './nag.ts';

/** Known before anything is deployed, so that the registry can name them. */
export function pbxNames(stackName: string, pbxId: string) {
  return {
    queueName: `${stackName}-${pbxId}`,
    credentialsSecret: `${stackName}/pbx/${pbxId}`,
    sessionSecret: `${stackName}/session/${pbxId}`,
  };
}

interface PbxResourcesProps {
  readonly stackName: string;
  readonly maxConcurrency: number;
  readonly deadLetterQueue: IQueue;
  readonly archiver: ArchiveFunction<Record<string, string>>;
}

/** What each PBX has for itself: its queue, so that a dead PBX holds up no other, and its two secrets. */
export class PbxResources extends Construct {
  readonly queue: IQueue;
  private readonly credentials: Secret;
  private readonly session: Secret;

  constructor(scope: Construct, pbxId: string, props: PbxResourcesProps) {
    super(scope, pbxId);
    const names = pbxNames(props.stackName, pbxId);

    this.queue = new EncryptedQueue(this, 'Queue', {
      queueName: names.queueName,
      deliveryDelay: Duration.seconds(JOB_DELAY_SECONDS),
      visibilityTimeout: Duration.seconds(visibilitySecondsFor('archive-recording')),
      deadLetterQueue: { queue: props.deadLetterQueue, maxReceiveCount: JOB_MAX_RECEIVES },
    });
    props.archiver.handler.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: 1,
        maxConcurrency: props.maxConcurrency,
        reportBatchItemFailures: true,
      }),
    );

    // Both secrets go with the stack, or with the PBX when it leaves the configuration: a secret that stayed
    // would hold its name, and the PBX could not be added again. What is lost is a password that somebody
    // knows, and a webhook secret that the PBX learns anew with its next login.
    this.credentials = new Secret(this, 'Credentials', {
      secretName: names.credentialsSecret,
      description: `PBX ${pbxId}: enter its API username and password here. webhookSecret is generated.`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: '', password: '' }),
        generateStringKey: 'webhookSecret',
        passwordLength: 48,
        // It becomes a segment of a URL's path.
        excludePunctuation: true,
      },
    });
    acceptFindings(this.credentials, {
      SMG4: 'The password is set in the PBX, by a person. webhookSecret may be replaced at any time without a deployment.',
    });
    this.session = new Secret(this, 'Session', {
      secretName: names.sessionSecret,
      description: `PBX ${pbxId}: the session that the functions share. They write it; there is nothing to enter.`,
      // A secret made without a value has no version, and reading it is an error instead of "no session yet".
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'nonce',
        excludePunctuation: true,
      },
    });
    acceptFindings(this.session, { SMG4: 'Its tokens live for minutes and the functions replace them.' });
  }

  /** To check that a report is genuine, and make it a job. */
  grantReports(grantee: IGrantable): void {
    this.credentials.grantRead(grantee);
    this.grantJobs(grantee);
  }

  /** To queue jobs. `grantSendMessages` would also allow looking at the queue, which no function does. */
  grantJobs(grantee: IGrantable): void {
    allow(grantee, ['sqs:SendMessage'], this.queue.queueArn);
  }

  /** To log in, and share the session. `grantWrite` would also allow changing the secret itself. */
  grantSession(grantee: IGrantable): void {
    this.credentials.grantRead(grantee);
    allow(
      grantee,
      ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      this.session.secretArn,
    );
  }
}
