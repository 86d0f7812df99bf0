import { readFileSync } from 'node:fs';
import type { Permission } from './permission.ts';
import type { AwsCall } from './record-calls.ts';

type Input = AwsCall['input'];

/**
 * The permissions that a call needs. `isEncrypted`: the bucket encrypts with a KMS key.
 *
 * Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_s3.html for the actions, the pages of
 * the operations in the API reference of S3 for KMS.
 */
export function neededFor(
  { service, operation, input, errorStatus }: AwsCall,
  isEncrypted: boolean,
): Permission[] {
  const needs = NEEDS[`${service}.${operation}`];
  if (needs === undefined) {
    throw new Error(`Look up the IAM actions of ${service}.${operation}, and add them to NEEDS.`);
  }
  const needed = needs(input);
  if (service === 'S3' && 'IfMatch' in input) {
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html#conditional-write-etags
    needed.push(onObject('s3:GetObject', input.Key));
  }
  if ((operation === 'HeadObject' || operation === 'GetObject') && errorStatus === 404) {
    // Without it, S3 responds to a request for an object that does not exist with 403.
    needed.push({ action: 's3:ListBucket', resource: 'bucket' });
  }
  return needed.filter(({ action }) => isEncrypted || !action.startsWith('kms:'));
}

const onObject = (action: string, key: unknown): Permission => ({
  action,
  resource: `bucket/${folderOf(key)}`,
});
const onKey = (operation: 'Decrypt' | 'GenerateDataKey'): Permission => ({
  action: `kms:${operation}`,
  resource: 'key',
});

/** The functions learn the names of their tables from these variables. */
function onTable(operation: string, name: unknown, index?: unknown): Permission {
  const { ACCESS_TABLE, INDEX_TABLE } = process.env;
  const table = name === ACCESS_TABLE ? 'access table' : name === INDEX_TABLE ? 'index table' : undefined;
  if (table === undefined) throw new Error(`${name} is no table of the functions.`);
  return {
    action: `dynamodb:${operation}`,
    resource: index === undefined ? table : `${table}/index/${index}`,
  };
}

const NEEDS: Readonly<Record<string, (input: Input) => Permission[]>> = {
  'SQS.SendMessage': ({ QueueUrl }) => [{ action: 'sqs:SendMessage', resource: nameOfQueue(QueueUrl) }],
  'SQS.ChangeMessageVisibility': ({ QueueUrl }) => [
    { action: 'sqs:ChangeMessageVisibility', resource: nameOfQueue(QueueUrl) },
  ],
  'SecretsManager.GetSecretValue': ({ SecretId }) => [
    { action: 'secretsmanager:GetSecretValue', resource: nameOfSecret(SecretId) },
  ],
  'SecretsManager.PutSecretValue': ({ SecretId }) => [
    { action: 'secretsmanager:PutSecretValue', resource: nameOfSecret(SecretId) },
  ],
  'EventBridge.PutEvents': () => [{ action: 'events:PutEvents', resource: 'event bus' }],
  'DynamoDB.DeleteItem': ({ TableName }) => [onTable('DeleteItem', TableName)],
  'DynamoDB.GetItem': ({ TableName }) => [onTable('GetItem', TableName)],
  'DynamoDB.PutItem': ({ TableName }) => [onTable('PutItem', TableName)],
  'DynamoDB.BatchGetItem': ({ RequestItems }) =>
    Object.keys(RequestItems as object).map((name) => onTable('BatchGetItem', name)),
  'DynamoDB.Query': ({ TableName, IndexName }) => [onTable('Query', TableName, IndexName)],
  'DynamoDB.UpdateItem': ({ TableName }) => [onTable('UpdateItem', TableName)],
  'S3.ListObjectsV2': () => [{ action: 's3:ListBucket', resource: 'bucket' }],
  'S3.GetObject': ({ Key }) => [onObject('s3:GetObject', Key), onKey('Decrypt')],
  'S3.HeadObject': ({ Key, ChecksumMode }) => [
    onObject('s3:GetObject', Key),
    // Metadata is not encrypted with the key, but a checksum is.
    ...(ChecksumMode === 'ENABLED' ? [onKey('Decrypt')] : []),
  ],
  'S3.PutObject': ({ Key }) => [onObject('s3:PutObject', Key), onKey('GenerateDataKey')],
  'S3.CopyObject': ({ Key, CopySource }) => [
    onObject('s3:GetObject', decodeURIComponent(String(CopySource).replace(/^[^/]+\//, ''))),
    onKey('Decrypt'),
    onObject('s3:PutObject', Key),
    onKey('GenerateDataKey'),
  ],
  'S3.CreateMultipartUpload': ({ Key }) => [onObject('s3:PutObject', Key), onKey('GenerateDataKey')],
  'S3.UploadPart': ({ Key }) => [onObject('s3:PutObject', Key), onKey('Decrypt')],
  'S3.CompleteMultipartUpload': ({ Key }) => [onObject('s3:PutObject', Key), onKey('Decrypt')],
  'S3.AbortMultipartUpload': ({ Key }) => [onObject('s3:AbortMultipartUpload', Key)],
};

/** The folder that a role can name: what follows, such as the PBX and the day, is not known at deployment. */
function folderOf(key: unknown): string {
  const [folder, kind] = String(key).split('/');
  return folder === 'reconciliation' ? `${folder}/${kind}/*` : `${folder}/*`;
}

/** The functions learn the addresses of their queues from these variables. */
function nameOfQueue(url: unknown): string {
  const { DEAD_LETTER_QUEUE_URL, INDEX_QUEUE_URL, SESSION_QUEUE_URL, QUEUE_URL_BASE = 'none' } = process.env;
  if (url === INDEX_QUEUE_URL) return 'index queue';
  if (url === DEAD_LETTER_QUEUE_URL) return 'dead-letter queue';
  if (url === SESSION_QUEUE_URL) return 'session queue';
  if (String(url).startsWith(QUEUE_URL_BASE)) return 'job queue';
  throw new Error(`${url} is no queue of the functions.`);
}

function nameOfSecret(id: unknown): string {
  const { EVENT_KEY_SECRET, LINK_TOKEN_SECRET, PBX_REGISTRY_FILE } = process.env;
  if (id === EVENT_KEY_SECRET) return 'event key';
  if (id === LINK_TOKEN_SECRET) return 'link token';
  if (PBX_REGISTRY_FILE !== undefined) {
    const registry: Record<string, Record<string, string>> = JSON.parse(
      readFileSync(PBX_REGISTRY_FILE, 'utf8'),
    );
    for (const { credentialsSecret, sessionSecret } of Object.values(registry)) {
      if (id === credentialsSecret) return 'credentials';
      if (id === sessionSecret) return 'session';
    }
  }
  throw new Error(`${id} is no secret of the functions.`);
}
