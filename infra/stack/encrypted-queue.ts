import { Duration, Names } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { EventSourceMappingOptions } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { MESSAGE_RETENTION_DAYS } from '../../functions/shared/config/limits.ts';
import { type ArchiveFunction, allow } from './archive-function.ts';

/** A queue that is encrypted at rest and in transit, with SQS's longest retention. */
export class EncryptedQueue extends Queue {
  constructor(scope: Construct, id: string, props: QueueProps = {}) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(MESSAGE_RETENTION_DAYS),
      ...props,
    });
  }

  /** The CDK's `grantSendMessages` would also allow reading the queue's URL and attributes, which no function does. */
  grantSend(grantee: IGrantable): void {
    allow(grantee, ['sqs:SendMessage'], this.queueArn);
  }

  /** Invokes the function with each message, and allows Lambda to do so under the function's role. */
  deliverTo(
    { handler, role }: ArchiveFunction<Record<string, string>>,
    options: Pick<EventSourceMappingOptions, 'maxConcurrency'>,
  ): void {
    // Not SqsEventSource, which would allow more. Keep its id: with another, CloudFormation would create the mapping
    // again, while Lambda still has the first one and accepts no second.
    handler.addEventSourceMapping(`SqsEventSource:${Names.nodeUniqueId(this.node)}`, {
      eventSourceArn: this.queueArn,
      batchSize: 1,
      reportBatchItemFailures: true,
      ...options,
    });
    // AWS documents these as what an execution role must include:
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-lambda-function-trigger.html
    allow(role, ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], this.queueArn);
  }
}
