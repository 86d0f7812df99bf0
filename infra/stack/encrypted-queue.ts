import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { MESSAGE_RETENTION_DAYS } from '../../functions/shared/config/limits.ts';

/** Encrypted at rest and in transit, and keeps a message as long as SQS can. */
export class EncryptedQueue extends Queue {
  constructor(scope: Construct, id: string, props: QueueProps = {}) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(MESSAGE_RETENTION_DAYS),
      ...props,
    });
  }
}
