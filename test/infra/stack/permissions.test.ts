import { describe, expect, test } from 'vitest';
import { findResource, flatten, type Resource, statementsOf, synthArchive } from './synth-archive.ts';

const archive = synthArchive();
const network = { vpcId: 'vpc-0a000000', subnetIds: ['subnet-0a000000'], endpoints: 'existing' };
const kmsKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000';

/** Lines such as `sqs:SendMessage <Queue.Arn>`. */
function permissionsOf(prefix: string, resources: Record<string, Resource> = archive.resources): string[] {
  return statementsOf(resources, prefix)
    .flatMap(({ Action, Resource: arns }) =>
      [Action].flat().flatMap((action) => [arns].flat().map((arn) => `${action} ${flatten(arn)}`)),
    )
    .sort();
}

const bucket = findResource(archive.resources, 'AWS::S3::Bucket', 'Recordings')[0];
const roles = [
  'CdrWebhook',
  'ArchiveRecording',
  'PbxSession',
  'RecordingLink',
  'Reconciliation',
  'ArchiveApi',
];

// That each function may do exactly what it does is tested with its handler (test/permissions).
describe('the permissions', () => {
  test('allow no function to delete anything but messages, rows of the index and its own network interfaces', () => {
    const { resources } = synthArchive({ network });
    const deleting = roles
      .flatMap((prefix) => permissionsOf(prefix, resources))
      .map((permission) => permission.split(' ')[0])
      .filter((action) => action?.includes('Delete'));
    expect(new Set(deleting)).toEqual(
      new Set(['sqs:DeleteMessage', 'dynamodb:DeleteItem', 'ec2:DeleteNetworkInterface']),
    );
  });

  test.each<[object, string[]]>([
    [{}, []],
    [{ events: { shared: true } }, ['ArchiveApi']],
    [{ events: { shared: true }, links: { shares: { allowed: false } } }, []],
    [{ events: { accessed: true } }, ['RecordingLink', 'ArchiveApi']],
  ])('allow publishing only what is switched on, and can happen: %j', (settings, publishing) => {
    const { resources } = synthArchive({ ...settings });
    const publishes = (prefix: string) =>
      permissionsOf(prefix, resources).some((permission) => permission.startsWith('events:'));
    expect(roles.filter(publishes)).toEqual(publishing);
  });

  test('are the same for each PBX', () => {
    const pbx = { baseUrl: 'https://203.0.113.10:8088' };
    const { resources } = synthArchive({ pbxs: { east: pbx, west: pbx } });
    for (const prefix of roles) {
      const permissions = permissionsOf(prefix, resources);
      const [east, west] = ['Pbxeast', 'Pbxwest'].map((id) =>
        permissions
          .filter((permission) => permission.includes(id))
          // The ids of the template end in a hash.
          .map((permission) => permission.replace(id, '').replace(/[0-9A-F]{8}/, '')),
      );
      expect(east).toEqual(west);
      expect(east?.length === 0).toBe(['RecordingLink', 'ArchiveApi'].includes(prefix));
    }
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
      expect(onFormerKeys('ArchiveApi')).toEqual(decrypt);
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
  const { resources } = synthArchive({
    network,
    bucket: { encryption: 'kms' },
    webhook: { plainHttp: true },
  });
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
          `^(s3:(AbortMultipartUpload|GetObject|PutObject) <${bucket}\\.Arn>/(recordings|reconciliation(/queued|/ended|/erased|/lost)?|sessions)/\\*|ec2:\\w+ \\*)$`,
        ),
      );
    }
  });
});
