import { SecretValue } from 'aws-cdk-lib';
import {
  ApiDestination,
  Authorization,
  Connection,
  type IApiDestination,
  Rule,
} from 'aws-cdk-lib/aws-events';
import { ApiDestination as ApiDestinationTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { EncryptedQueue } from './encrypted-queue.ts';

interface EventWebhookProps {
  readonly stackName: string;
  readonly url: string;
  readonly header: string;
  /** Name of the secret with the header's value. CloudFormation reads it; the template contains its name only. */
  readonly secret: string;
}

/** Posts the archive's events to a web server. EventBridge retries for a day after 429, 5xx and timeouts, else not at all. */
export class EventWebhook extends Construct {
  /** Events that the web server has not received. */
  readonly deadLetterQueue: EncryptedQueue;

  constructor(scope: Construct, id: string, { stackName, url, header, secret }: EventWebhookProps) {
    super(scope, id);
    const connection = new Connection(this, 'Connection', {
      description: 'Authorizes the events of the recording archive',
      authorization: Authorization.apiKey(header, SecretValue.secretsManager(secret)),
    });
    this.deadLetterQueue = new EncryptedQueue(this, 'DeadLetters');
    const destination = new ApiDestination(this, 'Destination', { connection, endpoint: url });
    new Rule(this, 'Rule', {
      description: 'Posts the events of the recording archive to a web server',
      eventPattern: { source: ['pbx-recording-archive'], detail: { archive: [stackName] } },
      targets: [
        new ApiDestinationTarget(destination as IApiDestination, { deadLetterQueue: this.deadLetterQueue }),
      ],
    });
  }
}
