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
const shareLogins = ['s3:GetObject', 's3:PutObject'].map((action) => `${action} <${bucket}.Arn>/sessions/*`);
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
  test('of cdr-webhook are to read PBX secrets and to send jobs, dead letters and session requests', () => {
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

  test('of archive-recording are to receive and requeue jobs, log in, store recordings without deleting any, and mark how jobs end', () => {
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
        ...['lost', 'not-recorded', 'dead-lettered'].flatMap((kind) => [
          `s3:GetObject <${bucket}.Arn>/reconciliation/${kind}/*`,
          `s3:PutObject <${bucket}.Arn>/reconciliation/${kind}/*`,
        ]),
        ...shareLogins,
        `s3:ListBucket <${bucket}.Arn>`,
      ].sort(),
    );
  });

  test('of reconcile are to log in, find recordings and markers, queue jobs, and mark them as queued', () => {
    expect(permissionsOf('Reconciliation')).toEqual(
      [
        ...logs('Reconciliation'),
        ...read(credentials),
        ...share(session),
        sendTo(jobs),
        `s3:GetObject <${bucket}.Arn>/recordings/*`,
        `s3:GetObject <${bucket}.Arn>/reconciliation/*`,
        `s3:PutObject <${bucket}.Arn>/reconciliation/queued/*`,
        ...shareLogins,
        `s3:ListBucket <${bucket}.Arn>`,
      ].sort(),
    );
  });

  test('of pbx-session are to receive requests, log in and share the session', () => {
    expect(permissionsOf('PbxSession')).toEqual(
      [
        ...logs('PbxSession'),
        ...read(credentials),
        ...share(session),
        ...shareLogins,
        `s3:ListBucket <${bucket}.Arn>`,
        ...consume(sessionRequests),
      ].sort(),
    );
  });

  test('of recording-link are to read recordings and its own token', () => {
    expect(permissionsOf('RecordingLink')).toEqual(
      [
        ...logs('RecordingLink'),
        ...read(linkToken),
        `s3:GetObject <${bucket}.Arn>/recordings/*`,
        `s3:ListBucket <${bucket}.Arn>`,
      ].sort(),
    );
  });

  test('include the KMS key operations that reading and writing recordings need', () => {
    const { resources } = synthArchive({ bucket: { encryption: 'kms', kmsKeyArn } });
    const onKey = (prefix: string) =>
      permissionsOf(prefix, resources).filter((permission) => permission.startsWith('kms:'));
    expect(onKey('ArchiveRecording')).toEqual([
      `kms:Decrypt ${kmsKeyArn}`,
      `kms:GenerateDataKey ${kmsKeyArn}`,
    ]);
    expect(onKey('RecordingLink')).toEqual([`kms:Decrypt ${kmsKeyArn}`]);
    expect(onKey('Reconciliation')).toEqual([`kms:Decrypt ${kmsKeyArn}`, `kms:GenerateDataKey ${kmsKeyArn}`]);
    expect(onKey('PbxSession')).toEqual([`kms:Decrypt ${kmsKeyArn}`, `kms:GenerateDataKey ${kmsKeyArn}`]);
    expect(onKey('CdrWebhook')).toEqual([]);
  });

  test('keep former KMS keys usable, so that what they encrypt stays readable and uploads that began go on', () => {
    const formerKmsKeyArns = [kmsKeyArn.replace('key/0', 'key/1'), kmsKeyArn.replace('key/0', 'key/2')];
    for (const bucket of [{}, { encryption: 'kms', kmsKeyArn }, { existing: 'recordings-of-old' }]) {
      const { resources } = synthArchive({ bucket: { ...bucket, formerKmsKeyArns } });
      const onFormerKeys = (prefix: string) =>
        permissionsOf(prefix, resources).filter((permission) =>
          formerKmsKeyArns.some((arn) => permission.endsWith(arn)),
        );
      const decrypt = formerKmsKeyArns.map((arn) => `kms:Decrypt ${arn}`);
      expect(onFormerKeys('RecordingLink')).toEqual(decrypt);
      expect(onFormerKeys('ArchiveRecording')).toEqual([
        ...decrypt,
        ...formerKmsKeyArns.map((arn) => `kms:GenerateDataKey ${arn}`),
      ]);
      // Who is logging in may have been written with a former key.
      expect(onFormerKeys('Reconciliation')).toEqual(decrypt);
      expect(onFormerKeys('PbxSession')).toEqual(decrypt);
    }
  });

  test('come from no AWS managed policy', () => {
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

  test('appears in no action', () => {
    expect(
      permissions.map((permission) => permission.split(' ')[0]).filter((action) => action?.includes('*')),
    ).toEqual([]);
  });

  test('appears only in the resources of recordings, markers and logins, and of network interfaces that do not exist yet', () => {
    const wild = permissions.filter((permission) => permission.includes('*'));
    for (const permission of wild) {
      expect(permission).toMatch(
        new RegExp(
          `^(s3:(AbortMultipartUpload|GetObject|PutObject) <${bucket}\\.Arn>/(recordings|reconciliation(/queued|/lost|/not-recorded|/dead-lettered)?|sessions)/\\*|ec2:\\w+ \\*)$`,
        ),
      );
    }
  });
});
