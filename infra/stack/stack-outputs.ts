import { CfnOutput, type Stack } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { AccessTable } from './access-table.ts';
import { pbxNames } from './pbx-resources.ts';
import type { RecordingBucket } from './recording-bucket.ts';
import type { RecordingIndex } from './recording-index.ts';
import type { RecordingLinks } from './recording-links.ts';

interface Parts {
  readonly stackName: string;
  readonly pageUrl: string | undefined;
  /** Host of the API. */
  readonly host: string;
  readonly reportHost: string;
  readonly recordings: RecordingBucket;
  readonly accessTable: AccessTable;
  readonly deadLetterQueue: IQueue;
  readonly index: RecordingIndex;
  readonly pbxSession: LambdaFunction;
  readonly reconciler: LambdaFunction;
  readonly topic: ITopic;
  readonly functions: Readonly<Record<string, LambdaFunction>>;
  readonly linkToken: RecordingLinks['token'];
}

/** What people and commands look up in a deployed stack. */
export function addOutputs(stack: Stack, parts: Parts): void {
  const { stackName, pageUrl, host, reportHost, recordings, accessTable, deadLetterQueue, index } = parts;
  const { pbxSession, reconciler, topic, functions, linkToken } = parts;
  const add = (id: string, value: string, description: string) =>
    new CfnOutput(stack, id, { value, description });

  if (pageUrl !== undefined) add('PageUrl', pageUrl, 'Page on which people find and play recordings');
  add(
    'LinkApiUrl',
    `https://${host}/recordings/`,
    'Base URL of the link API: GET {LinkApiUrl}{pbxId}/{recording}, or {pbxId}?recording={recording}',
  );
  add('SearchApiUrl', `https://${host}/api/`, 'Base URL of the search API; docs/openapi.json describes it');
  add('WebhookHost', reportHost, 'Host that the PBXs post their reports to');
  add('RecordingsBucket', recordings.bucket.bucketName, 'Bucket with the recordings, under recordings/');
  if (recordings.keyArn) {
    add(
      'RecordingsKeyArn',
      recordings.keyArn,
      'KMS key of the recordings; keep it in bucket.formerKmsKeyArns if you ever change it',
    );
  }
  add('AccessTable', accessTable.name, 'Table with the shares and the access log, which exist nowhere else');
  add(
    'DeadLetterQueueUrl',
    deadLetterQueue.queueUrl,
    'Queue with everything that was given up, and the reasons',
  );
  add(
    'IndexTable',
    index.table.tableName,
    'Table with the index of the recordings; npm run reindex rebuilds it',
  );
  add(
    'IndexQueueUrl',
    index.queue.queueUrl,
    'Queue with changes of the bucket that are about to be brought into the index',
  );
  add(
    'IndexDeadLetterQueueUrl',
    index.deadLetterQueue.queueUrl,
    'Queue with changes of the bucket that could not be brought into the index',
  );
  if (index.webhook) {
    add(
      'EventDeadLetterQueueUrl',
      index.webhook.deadLetterQueue.queueUrl,
      'Queue with events that could not be posted to events.webhook',
    );
  }
  add(
    'PbxSessionFunction',
    pbxSession.functionName,
    'Function that renews the PBX sessions; invoke it to do so now',
  );
  add(
    'ReconcileFunction',
    reconciler.functionName,
    'Function that compares call logs with the bucket; invoke it to do so now',
  );
  add('AlarmTopicArn', topic.topicArn, 'SNS topic of the alarms; subscribe everyone who should be notified');
  for (const [name, { logGroup }] of Object.entries(functions)) {
    add(`${name}Logs`, logGroup.logGroupName, `Log group of ${name}; docs/runbook.md says what to look for`);
  }
  const { credentialsSecret } = pbxNames(stackName, '{pbxId}');
  add(
    'CredentialsSecret',
    credentialsSecret,
    'Secret of each PBX; enter the username and password of its API in it',
  );
  if (linkToken)
    add('LinkTokenSecret', linkToken.name, 'Secret with the bearer token of the link and search API');
}
