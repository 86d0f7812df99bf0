import { describe, expect, test } from 'vitest';
import { findResource, flatten, type Resource, statementsOf, synthArchive } from './synth-archive.ts';

const archive = synthArchive();
const kmsKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000';

/** Lines such as `sqs:SendMessage <Queue.Arn>`. */
function permissionsOf(prefix: string, resources: Record<string, Resource> = archive.resources): string[] {
  return statementsOf(resources, prefix)
    .flatMap(({ Action, Resource: arns }) =>
      [Action].flat().flatMap((action) => [arns].flat().map((arn) => `${action} ${flatten(arn)}`)),
    )
    .sort();
}

const idOf = (type: string, prefix: string) => findResource(archive.resources, type, prefix)[0];
const bucket = idOf('AWS::S3::Bucket', 'Recordings');
const jobs = idOf('AWS::SQS::Queue', 'Pbxheadoffice');
const deadLetters = idOf('AWS::SQS::Queue', 'DeadLetterQueue');
const sessionRequests = idOf('AWS::SQS::Queue', 'SessionRequests');
const credentials = idOf('AWS::SecretsManager::Secret', 'PbxheadofficeCredentials');
const session = idOf('AWS::SecretsManager::Secret', 'PbxheadofficeSession');
const linkToken = idOf('AWS::SecretsManager::Secret', 'RecordingLink');

const logs = (prefix: string) =>
  ['logs:CreateLogStream', 'logs:PutLogEvents'].map(
    (action) => `${action} <${idOf('AWS::Logs::LogGroup', prefix)}.Arn>`,
  );
const read = (secret: string) =>
  ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'].map((action) => `${action} <${secret}>`);
const share = (secret: string) =>
  ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'].map((action) => `${action} <${secret}>`);
const sendTo = (queue: string) => `sqs:SendMessage <${queue}.Arn>`;
const send = (queue: string) =>
  ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'].map(
    (action) => `${action} <${queue}.Arn>`,
  );
const consume = (queue: string) =>
  [
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ReceiveMessage',
  ].map((action) => `${action} <${queue}.Arn>`);

describe('the permissions', () => {
  test('of the webhook are to check reports, and to send jobs, dead letters and session requests', () => {
    expect(permissionsOf('CdrWebhook')).toEqual(
      [
        ...logs('CdrWebhook'),
        ...read(credentials),
        sendTo(jobs),
        ...send(deadLetters),
        ...send(sessionRequests),
      ].sort(),
    );
  });

  test('of the archiver are to take jobs and put interrupted ones back, log in, store recordings without deleting any, and note what is lost', () => {
    expect(permissionsOf('ArchiveRecording')).toEqual(
      [
        ...logs('ArchiveRecording'),
        ...read(credentials),
        ...share(session),
        ...consume(jobs),
        sendTo(jobs),
        ...send(deadLetters),
        `s3:AbortMultipartUpload <${bucket}.Arn>/recordings/*`,
        `s3:GetObject <${bucket}.Arn>/recordings/*`,
        `s3:PutObject <${bucket}.Arn>/recordings/*`,
        `s3:PutObject <${bucket}.Arn>/reconciliation/lost/*`,
        `s3:ListBucket <${bucket}.Arn>`,
      ].sort(),
    );
  });

  test('of the reconciler are to log in, see what is archived and noted, queue jobs, and note that', () => {
    expect(permissionsOf('Reconciliation')).toEqual(
      [
        ...logs('Reconciliation'),
        ...read(credentials),
        ...share(session),
        sendTo(jobs),
        `s3:GetObject <${bucket}.Arn>/recordings/*`,
        `s3:GetObject <${bucket}.Arn>/reconciliation/*`,
        `s3:PutObject <${bucket}.Arn>/reconciliation/queued/*`,
        `s3:ListBucket <${bucket}.Arn>`,
      ].sort(),
    );
  });

  test('of the session keeper are to log in and share the session', () => {
    expect(permissionsOf('PbxSession')).toEqual(
      [...logs('PbxSession'), ...read(credentials), ...share(session), ...consume(sessionRequests)].sort(),
    );
  });

  test('of the link function are to read recordings and its own token', () => {
    expect(permissionsOf('RecordingLink')).toEqual(
      [
        ...logs('RecordingLink'),
        ...read(linkToken),
        `s3:GetObject <${bucket}.Arn>/recordings/*`,
        `s3:ListBucket <${bucket}.Arn>`,
      ].sort(),
    );
  });

  test('extend to the KMS key by what reading and writing recordings takes', () => {
    const { resources } = synthArchive({ bucket: { encryption: 'kms', kmsKeyArn } });
    const onKey = (prefix: string) =>
      permissionsOf(prefix, resources).filter((permission) => permission.startsWith('kms:'));
    expect(onKey('ArchiveRecording')).toEqual([
      `kms:Decrypt ${kmsKeyArn}`,
      `kms:GenerateDataKey ${kmsKeyArn}`,
    ]);
    expect(onKey('RecordingLink')).toEqual([`kms:Decrypt ${kmsKeyArn}`]);
    expect(onKey('Reconciliation')).toEqual([`kms:GenerateDataKey ${kmsKeyArn}`]);
    expect(onKey('CdrWebhook')).toEqual([]);
  });

  test('come from no policy that AWS manages', () => {
    for (const { Type, Properties } of Object.values(archive.resources)) {
      if (Type === 'AWS::IAM::Role') expect(Properties).not.toHaveProperty('ManagedPolicyArns');
    }
  });
});

describe('a wildcard', () => {
  const network = { vpcId: 'vpc-0a000000', subnetIds: ['subnet-0a000000'], endpoints: 'existing' };
  const { resources } = synthArchive({
    network,
    bucket: { encryption: 'kms' },
    webhook: { plainHttp: true },
  });
  const roles = ['CdrWebhook', 'ArchiveRecording', 'PbxSession', 'RecordingLink', 'Reconciliation'];
  const permissions = roles.flatMap((prefix) => permissionsOf(prefix, resources));

  test('stands in no action', () => {
    expect(
      permissions.map((permission) => permission.split(' ')[0]).filter((action) => action?.includes('*')),
    ).toEqual([]);
  });

  test('stands in resources only for recordings and notes of them, whose names are not known, and network interfaces, which are not there yet', () => {
    const wild = permissions.filter((permission) => permission.includes('*'));
    for (const permission of wild) {
      expect(permission).toMatch(
        new RegExp(
          `^(s3:(AbortMultipartUpload|GetObject|PutObject) <${bucket}\\.Arn>/(recordings|reconciliation(/queued|/lost)?)/\\*|ec2:\\w+ \\*)$`,
        ),
      );
    }
  });
});
