import { Duration } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  JOB_DELAY_SECONDS,
  JOB_MAX_RECEIVES,
  visibilitySecondsFor,
} from '../../functions/shared/config/limits.ts';
import { CREDENTIALS, type Pbx } from '../../functions/shared/config/pbx-registry.ts';
import { type ArchiveFunction, allow } from './archive-function.ts';
import { EncryptedQueue } from './encrypted-queue.ts';
import { acceptFindings } from './nag.ts';

/** Names known before deployment, so that the registry can list them. */
export function pbxNames(stackName: string, pbxId: string) {
  return {
    queueName: `${stackName}-${pbxId}`,
    credentialsSecret: `${stackName}/pbx/${pbxId}`,
    sessionSecret: `${stackName}/session/${pbxId}`,
  };
}

interface PbxResourcesProps {
  readonly stackName: string;
  readonly family: Pbx['family'];
  readonly maxConcurrency: number;
  readonly deadLetterQueue: IQueue;
  readonly archiver: ArchiveFunction<Record<string, string>>;
}

/** The resources of one PBX: its two secrets, and its own queue, so that a PBX that is down delays no other. */
export class PbxResources extends Construct {
  readonly queue: EncryptedQueue;
  private readonly credentials: Secret;
  private readonly session: Secret;

  constructor(scope: Construct, pbxId: string, props: PbxResourcesProps) {
    super(scope, pbxId);
    const names = pbxNames(props.stackName, pbxId);
    const { fields } = CREDENTIALS[props.family];

    this.queue = new EncryptedQueue(this, 'Queue', {
      queueName: names.queueName,
      deliveryDelay: Duration.seconds(JOB_DELAY_SECONDS),
      visibilityTimeout: Duration.seconds(visibilitySecondsFor('archive-recording')),
      deadLetterQueue: { queue: props.deadLetterQueue, maxReceiveCount: JOB_MAX_RECEIVES },
    });
    this.queue.deliverTo(props.archiver, { maxConcurrency: props.maxConcurrency });

    // Both secrets are deleted with the stack, or when the PBX is removed from the configuration. If they were
    // retained, their names would stay taken and the PBX could not be added again. Little is lost: somebody knows
    // the password, and the PBX receives the new webhook secret with its next login.
    this.credentials = new Secret(this, 'Credentials', {
      secretName: names.credentialsSecret,
      description: `PBX ${pbxId}: enter its API ${joinWords(fields)} here. webhookSecret is generated.`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify(Object.fromEntries(fields.map((field) => [field, '']))),
        generateStringKey: 'webhookSecret',
        passwordLength: 48,
        // It becomes a path segment of a URL.
        excludePunctuation: true,
      },
    });
    acceptFindings(this.credentials, {
      SMG4: 'A person sets the password in the PBX. webhookSecret can be replaced at any time without a deployment.',
    });
    this.session = new Secret(this, 'Session', {
      secretName: names.sessionSecret,
      description: `PBX ${pbxId}: the session that the functions share. They write it; do not edit it.`,
      // A secret created without a value has no version, and reading it would be an error, not "no session yet".
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'nonce',
        excludePunctuation: true,
      },
    });
    acceptFindings(this.session, { SMG4: 'Its tokens live for minutes, and the functions replace them.' });
  }

  /** Allows checking that a report is genuine, and queueing its job. */
  grantReports(grantee: IGrantable): void {
    this.grantCredentials(grantee);
    this.queue.grantSend(grantee);
  }

  /** Allows delaying the next attempt at a job, and queueing the job again with what this attempt has achieved. */
  grantRetries(grantee: IGrantable): void {
    allow(grantee, ['sqs:ChangeMessageVisibility', 'sqs:SendMessage'], this.queue.queueArn);
  }

  /** Allows logging in and sharing the session. `grantWrite` would also allow changing the secret's settings. */
  grantSession(grantee: IGrantable): void {
    this.grantCredentials(grantee);
    allow(
      grantee,
      ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      this.session.secretArn,
    );
  }

  /** `grantRead` would also allow describing the secret. */
  private grantCredentials(grantee: IGrantable): void {
    allow(grantee, ['secretsmanager:GetSecretValue'], this.credentials.secretArn);
  }
}

const joinWords = (words: readonly string[]) => words.join(', ').replace(/, (\w+)$/, ' and $1');
