import { expect, test } from 'vitest';
import { INDEX_TABLE } from '../../../functions/shared/config/tables.ts';
import { findResource, flatten, synthArchive } from './synth-archive.ts';

const { resources, template } = synthArchive();
const [bucketId] = findResource(resources, 'AWS::S3::Bucket', 'Recordings');

test('the table has the keys that the functions use, is billed by request, and goes with the stack', () => {
  const [, table] = findResource(resources, 'AWS::DynamoDB::Table', 'Index');
  expect(table).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
  const keys = (partition: string) => [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: INDEX_TABLE.sort, KeyType: 'RANGE' },
  ];
  expect(table.Properties).toMatchObject({
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys(INDEX_TABLE.partition),
    GlobalSecondaryIndexes: Object.entries(INDEX_TABLE.indexes).map(([IndexName, partition]) => ({
      IndexName,
      KeySchema: keys(partition),
      Projection: { ProjectionType: 'ALL' },
    })),
  });
});

test('the queue gets the changes of recordings and markers in this bucket, and of nothing else', () => {
  const [, rule] = findResource(resources, 'AWS::Events::Rule', 'Index');
  expect(rule.Properties.EventPattern).toEqual({
    source: ['aws.s3'],
    'detail-type': ['Object Created', 'Object Deleted', 'Object Restore Completed'],
    detail: {
      bucket: { name: [{ Ref: bucketId }] },
      object: { key: [{ prefix: 'recordings/' }, { prefix: 'reconciliation/' }] },
    },
  });
  const [queueId] = findResource(resources, 'AWS::SQS::Queue', 'IndexEvents');
  expect(rule.Properties.Targets).toMatchObject([{ Arn: { 'Fn::GetAtt': [queueId, 'Arn'] } }]);
});

test('an event that fails for three hours is kept apart from the dead letters of the jobs', () => {
  const [deadLettersId] = findResource(resources, 'AWS::SQS::Queue', 'IndexDeadLetters');
  const [, queue] = findResource(resources, 'AWS::SQS::Queue', 'IndexEvents');
  const { deadLetterTargetArn, maxReceiveCount } = queue.Properties.RedrivePolicy as Record<string, unknown>;
  expect(deadLetterTargetArn).toEqual({ 'Fn::GetAtt': [deadLettersId, 'Arn'] });
  const seconds = Number(maxReceiveCount) * Number(queue.Properties.VisibilityTimeout);
  expect(seconds).toBe(3 * 60 * 60);
});

test('the stack generates the key of the ids in events, under the name by which the functions read it', () => {
  const [, secret] = findResource(resources, 'AWS::SecretsManager::Secret', 'IndexEventKey');
  expect(secret.Properties.GenerateSecretString).toEqual({ PasswordLength: 48, ExcludePunctuation: true });
  const [, indexer] = findResource(resources, 'AWS::Lambda::Function', 'IndexIndexer');
  const { EVENT_KEY_SECRET } = (indexer.Properties.Environment as { Variables: Record<string, string> })
    .Variables;
  expect(EVENT_KEY_SECRET).toBe(secret.Properties.Name);
});

test('without a webhook there is no connection to one', () => {
  template.resourceCountIs('AWS::Events::Connection', 0);
});

const webhook = { url: 'https://crm.example/hook', header: 'x-api-key', secret: 'crm/webhook' };
const withWebhook = synthArchive({ events: { webhook } }).resources;

test('an event that the webhook does not take is kept, and raises an alarm', () => {
  const [ruleId, rule] = findResource(withWebhook, 'AWS::Events::Rule', 'IndexWebhook');
  const [queueId, queue] = findResource(withWebhook, 'AWS::SQS::Queue', 'IndexWebhookDeadLetters');
  expect(rule.Properties.Targets).toMatchObject([
    { DeadLetterConfig: { Arn: { 'Fn::GetAtt': [queueId, 'Arn'] } } },
  ]);
  expect(queue.Properties).toMatchObject({
    MessageRetentionPeriod: 14 * 24 * 3600,
    SqsManagedSseEnabled: true,
  });
  const [, policy] = findResource(withWebhook, 'AWS::SQS::QueuePolicy', 'IndexWebhookDeadLetters');
  const { Statement } = policy.Properties.PolicyDocument as { Statement: { Effect: string }[] };
  expect(Statement.filter(({ Effect }) => Effect === 'Allow')).toMatchObject([
    {
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: { 'Fn::GetAtt': [queueId, 'Arn'] },
      Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [ruleId, 'Arn'] } } },
    },
  ]);
  const [, alarm] = findResource(withWebhook, 'AWS::CloudWatch::Alarm', 'OperationStackEventsNotDelivered');
  expect(alarm.Properties).toMatchObject({
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queueId, 'QueueName'] } }],
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0,
    TreatMissingData: 'notBreaching',
  });
});

test('the webhook gets the events of this stack only, and the template does not contain its secret', () => {
  const [, rule] = findResource(withWebhook, 'AWS::Events::Rule', 'IndexWebhook');
  expect(rule.Properties.EventPattern).toEqual({
    source: ['pbx-recording-archive'],
    detail: { archive: ['PbxRecordingArchive'] },
  });
  const [, connection] = findResource(withWebhook, 'AWS::Events::Connection', 'IndexWebhook');
  expect(connection.Properties).toMatchObject({
    AuthorizationType: 'API_KEY',
    AuthParameters: {
      ApiKeyAuthParameters: {
        ApiKeyName: 'x-api-key',
        ApiKeyValue: '{{resolve:secretsmanager:crm/webhook:SecretString:::}}',
      },
    },
  });
  const [, destination] = findResource(withWebhook, 'AWS::Events::ApiDestination', 'IndexWebhook');
  expect(flatten(destination.Properties.InvocationEndpoint)).toBe('https://crm.example/hook');
});
