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

interface EventWebhookProps {
  readonly stackName: string;
  readonly url: string;
  readonly header: string;
  /** Name of the secret with the header's value. CloudFormation reads it; the template contains its name only. */
  readonly secret: string;
}

/** Posts the archive's events to a web server. EventBridge tries for a day, then drops the event. */
export class EventWebhook extends Construct {
  constructor(scope: Construct, id: string, { stackName, url, header, secret }: EventWebhookProps) {
    super(scope, id);
    const connection = new Connection(this, 'Connection', {
      description: 'Authorizes the events of the recording archive',
      authorization: Authorization.apiKey(header, SecretValue.secretsManager(secret)),
    });
    const destination = new ApiDestination(this, 'Destination', { connection, endpoint: url });
    new Rule(this, 'Rule', {
      description: 'Posts the events of the recording archive to a web server',
      eventPattern: { source: ['pbx-recording-archive'], detail: { archive: [stackName] } },
      targets: [new ApiDestinationTarget(destination as IApiDestination)],
    });
  }
}
