import { SQSClient } from '@aws-sdk/client-sqs';
import { App } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { describe, expect, test } from 'vitest';
import { envSchema as archiveApiEnv } from '../../../functions/archive-api/env.ts';
import { envSchema as archivePageEnv } from '../../../functions/archive-page/env.ts';
import { envSchema as archiveRecordingEnv } from '../../../functions/archive-recording/env.ts';
import { envSchema as cdrWebhookEnv } from '../../../functions/cdr-webhook/env.ts';
import { envSchema as indexRecordingEnv } from '../../../functions/index-recording/env.ts';
import { envSchema as pbxSessionEnv } from '../../../functions/pbx-session/env.ts';
import { envSchema as reconcileEnv } from '../../../functions/reconcile/env.ts';
import { envSchema as recordingLinkEnv } from '../../../functions/recording-link/env.ts';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { ArchiveStack } from '../../../infra/stack/archive-stack.ts';
import { context, findResource, flatten, type Json, officeOnly, synthArchive } from './synth-archive.ts';

const archive = synthArchive();
const jwt = { type: 'jwt', issuer: 'https://login.example/', audience: ['recordings'] };
const withLinks = {
  token: archive,
  iam: synthArchive({ links: { authorization: { type: 'iam' } } }),
  jwt: synthArchive({ links: { authorization: jwt } }),
};

/** Settings of the C library's allocator. */
const SMALL_HEAP = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };

const roles = [
  'PbxSession',
  'ArchiveRecording',
  'CdrWebhook',
  'RecordingLink',
  'Reconciliation',
  'Index',
  'Page',
  'ArchiveApi',
];
const functionOf = (prefix: string, { resources } = archive) =>
  findResource(resources, 'AWS::Lambda::Function', prefix);
const environmentOf = (prefix: string, synthesized = archive) => {
  const environment = functionOf(prefix, synthesized)[1].Properties.Environment;
  return (environment as { Variables: { [name: string]: Json } }).Variables;
};
const queueOf = (prefix: string) => findResource(archive.resources, 'AWS::SQS::Queue', prefix);

describe('the functions', () => {
  test.each(roles)('%s runs on Node 24 and arm64, logs JSON, and has no tracing', (prefix) => {
    const [, { Properties }] = functionOf(prefix);
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      LoggingConfig: { LogFormat: 'JSON' },
    });
    expect(Properties).not.toHaveProperty('TracingConfig');
    // A new account allows ten concurrent executions: reserving any of them would make the deployment fail.
    expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test.each([
    ['ArchiveApi', 256],
    ['ArchiveRecording', 192],
    ['CdrWebhook', 256],
    ['Index', 256],
    ['PbxSession', 256],
    ['RecordingLink', 256],
    ['Page', 256],
    ['Reconciliation', 256],
  ])('%s has %i MB of memory', (prefix, megabytes) => {
    expect(functionOf(prefix)[1].Properties.MemorySize).toBe(megabytes);
  });

  test.each(roles)('%s has settings for a small heap', (prefix) => {
    expect(environmentOf(prefix)).toMatchObject(SMALL_HEAP);
  });

  test.each([
    ['ArchiveApi', 10],
    ['ArchiveRecording', 900],
    ['CdrWebhook', 10],
    ['Index', 60],
    ['PbxSession', 120],
    ['RecordingLink', 10],
    ['Page', 10],
    ['Reconciliation', 900],
  ])('%s has a timeout of %i seconds', (prefix, seconds) => {
    expect(functionOf(prefix)[1].Properties.Timeout).toBe(seconds);
  });

  test('have recursive loop detection, except the one that requeues its own jobs', () => {
    expect(functionOf('ArchiveRecording')[1].Properties.RecursiveLoop).toBe('Allow');
    archive.template.resourcePropertiesCountIs('AWS::Lambda::Function', { RecursiveLoop: 'Allow' }, 1);
  });

  test.each(roles)('%s is created after its permissions', (prefix) => {
    const [policyId] = findResource(archive.resources, 'AWS::IAM::Policy', prefix);
    expect(functionOf(prefix)[1].DependsOn).toContain(policyId);
  });

  test('are the only ones: the CDK adds no helper functions', () => {
    archive.template.resourceCountIs('AWS::Lambda::Function', 8);
    archive.template.resourcePropertiesCountIs('AWS::IAM::Role', {}, 8);
  });

  test('and the API keep their logs as long as configured', () => {
    const { template } = synthArchive({ logRetentionDays: 30 });
    template.resourcePropertiesCountIs('AWS::Logs::LogGroup', { RetentionInDays: 30 }, 9);
    template.resourceCountIs('AWS::Logs::LogGroup', 9);
    archive.template.resourcePropertiesCountIs('AWS::Logs::LogGroup', { RetentionInDays: 90 }, 9);
  });
});

describe('the environment', () => {
  test.each([
    ['CdrWebhook', cdrWebhookEnv],
    ['ArchiveRecording', archiveRecordingEnv],
    ['PbxSession', pbxSessionEnv],
    ['Reconciliation', reconcileEnv],
    ['Index', indexRecordingEnv],
    ['Page', archivePageEnv],
  ])('of %s is exactly what its schema requires', (prefix, schema) => {
    const names = Object.keys(environmentOf(prefix)).filter((name) => !(name in SMALL_HEAP));
    expect(names.sort()).toEqual(Object.keys(schema.entries).sort());
  });

  const [withoutToken, withToken] = recordingLinkEnv.options;
  test.each([
    ['token', withToken],
    ['iam', withoutToken],
    ['jwt', withoutToken],
  ] as const)('of RecordingLink is exactly what its schema requires with %s', (type, schema) => {
    const environment = environmentOf('RecordingLink', withLinks[type]);
    const names = Object.keys(environment).filter((name) => !(name in SMALL_HEAP));
    expect(names.sort()).toEqual(Object.keys(schema.entries).sort());
    expect(environment.LINK_AUTHORIZATION).toBe(type);
  });

  const [apiWithoutToken, apiWithToken] = archiveApiEnv.options;
  test.each([
    ['token', apiWithToken],
    ['iam', apiWithoutToken],
    ['jwt', apiWithoutToken],
  ] as const)('of ArchiveApi is exactly what its schema requires with %s', (type, schema) => {
    const environment = environmentOf('ArchiveApi', withLinks[type]);
    const names = Object.keys(environment).filter((name) => !(name in SMALL_HEAP));
    expect(names.sort()).toEqual(Object.keys(schema.entries).sort());
    expect(environment.LINK_AUTHORIZATION).toBe(type);
    if (type === 'token') expect(environment.SESSION_COOKIE).toBe('__Host-session');
  });

  test('has a base URL that a queue name completes to a queue URL', () => {
    for (const prefix of ['CdrWebhook', 'ArchiveRecording', 'Reconciliation']) {
      expect(flatten(environmentOf(prefix).QUEUE_URL_BASE)).toBe(
        'https://sqs.<AWS::Region>.<AWS::URLSuffix>/<AWS::AccountId>/',
      );
    }
  });

  test.each(['eu-central-1', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1'])(
    "has the base URL that the SDK's own endpoint in %s is the host of",
    (region) => {
      const { endpointProvider } = new SQSClient({ region }).config;
      const { hostname } = endpointProvider({ Region: region, UseDualStack: false, UseFIPS: false }).url;
      const base = flatten(environmentOf('CdrWebhook').QUEUE_URL_BASE)
        .replace('<AWS::Region>', region)
        .replace('<AWS::URLSuffix>', RegionInfo.get(region).domainSuffix ?? '');
      expect(new URL(base).hostname).toBe(hostname);
    },
  );

  test('has the webhook host without a scheme', () => {
    const [apiId] = findResource(archive.resources, 'AWS::ApiGatewayV2::Api');
    for (const prefix of ['PbxSession', 'ArchiveRecording', 'Reconciliation']) {
      expect(flatten(environmentOf(prefix).REPORT_HOST)).toBe(
        `<${apiId}>.execute-api.<AWS::Region>.<AWS::URLSuffix>`,
      );
    }
  });

  test('has the configured maximum age of a link', () => {
    const { MAX_LINK_AGE_SECONDS } = environmentOf(
      'RecordingLink',
      synthArchive({ links: { maximumAgeSeconds: 600 } }),
    );
    expect(MAX_LINK_AGE_SECONDS).toBe('600');
    expect(environmentOf('RecordingLink').MAX_LINK_AGE_SECONDS).toBe('3600');
  });

  test('has the paths of the files that the layer of the function has', () => {
    const [layerId] = findResource(archive.resources, 'AWS::Lambda::LayerVersion', 'PbxRegistry');
    for (const prefix of ['PbxSession', 'ArchiveRecording', 'CdrWebhook', 'Reconciliation']) {
      expect(environmentOf(prefix).PBX_REGISTRY_FILE).toBe('/opt/pbx-registry.json');
      expect(functionOf(prefix)[1].Properties.Layers).toEqual([{ Ref: layerId }]);
    }
    for (const prefix of ['RecordingLink', 'ArchiveApi']) {
      expect(environmentOf(prefix).ACCESS_FILE).toBe('/opt/access.json');
      expect(functionOf(prefix)[1].Properties.Layers).toEqual([{ Ref: layerId }]);
    }
  });
});

describe('the queue of a PBX', () => {
  const [queueId, queue] = queueOf('Pbxheadoffice');
  const [deadLetterQueueId] = queueOf('DeadLetterQueue');

  test('has the name in its URL, delays jobs by 5 seconds, and keeps them for 14 days', () => {
    expect(queue.Properties).toMatchObject({
      QueueName: 'PbxRecordingArchive-head-office',
      DelaySeconds: 5,
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  test('hides a job for twice the timeout of its function', () => {
    const timeout = Number(functionOf('ArchiveRecording')[1].Properties.Timeout);
    expect(queue.Properties.VisibilityTimeout).toBe(2 * timeout);
  });

  test('dead-letters a crashing job long after the function would, but before it expires', () => {
    const { maxReceiveCount, deadLetterTargetArn } = queue.Properties.RedrivePolicy as {
      maxReceiveCount: number;
      deadLetterTargetArn: Json;
    };
    expect(flatten(deadLetterTargetArn)).toBe(`<${deadLetterQueueId}.Arn>`);
    expect(maxReceiveCount).toBeGreaterThan(260);
    const secondsOfCrashes = maxReceiveCount * Number(queue.Properties.VisibilityTimeout);
    expect(secondsOfCrashes / 86_400).toBeCloseTo(8.3, 1);
    expect(secondsOfCrashes).toBeLessThan(Number(queue.Properties.MessageRetentionPeriod));
  });

  test('invokes ArchiveRecording with one job at a time and the configured concurrency', () => {
    const [functionId] = functionOf('ArchiveRecording');
    const mapping = (MaximumConcurrency: number) => ({
      EventSourceArn: { 'Fn::GetAtt': [queueId, 'Arn'] },
      FunctionName: { Ref: functionId },
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency },
    });
    archive.template.hasResourceProperties('AWS::Lambda::EventSourceMapping', mapping(2));
    const five = { 'head-office': { baseUrl: 'https://203.0.113.10', maxConcurrency: 5 } };
    synthArchive({ pbxs: five }).template.hasResourceProperties(
      'AWS::Lambda::EventSourceMapping',
      mapping(5),
    );
  });
});

describe('session requests', () => {
  test('reach PbxSession one by one, and are dead-lettered after five receives', () => {
    const [queueId, { Properties }] = queueOf('SessionRequests');
    const [functionId, session] = functionOf('PbxSession');
    const [deadLetterQueueId] = queueOf('DeadLetterQueue');
    expect(Properties).toMatchObject({
      VisibilityTimeout: 2 * Number(session.Properties.Timeout),
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [deadLetterQueueId, 'Arn'] },
        maxReceiveCount: 5,
      },
    });
    archive.template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [queueId, 'Arn'] },
      FunctionName: { Ref: functionId },
      BatchSize: 1,
    });
  });

  test('are also made by the schedule every ten minutes', () => {
    const [functionId] = functionOf('PbxSession');
    archive.template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(10 minutes)',
      State: 'ENABLED',
      Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [functionId, 'Arn'] } })],
    });
  });
});

describe('every queue', () => {
  test('is encrypted and keeps messages for 14 days', () => {
    archive.template.allResourcesProperties('AWS::SQS::Queue', {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  test('rejects plain HTTP', () => {
    const queues = Object.values(archive.resources).filter(({ Type }) => Type === 'AWS::SQS::Queue');
    archive.template.resourcePropertiesCountIs(
      'AWS::SQS::QueuePolicy',
      {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      },
      queues.length,
    );
  });
});

describe('the secrets', () => {
  const { template } = archive;

  test('of a PBX contain empty credentials and a generated webhook secret that fits a URL path', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'PbxRecordingArchive/pbx/head-office',
      GenerateSecretString: {
        SecretStringTemplate: '{"username":"","password":""}',
        GenerateStringKey: 'webhookSecret',
        PasswordLength: 48,
        ExcludePunctuation: true,
      },
    });
  });

  test('of a P-Series are to be filled with its API client and the secret of its webhook', () => {
    const pSeries = { family: 'p-series', baseUrl: 'https://office.example.yeastarcloud.com' };
    synthArchive({ pbxs: { cloud: pSeries } }).template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'PbxRecordingArchive/pbx/cloud',
      Description: Match.stringLikeRegexp('clientId, clientSecret and signatureSecret'),
      GenerateSecretString: {
        SecretStringTemplate: '{"clientId":"","clientSecret":"","signatureSecret":""}',
        GenerateStringKey: 'webhookSecret',
      },
    });
  });

  test('of a session have a first version from the start', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'PbxRecordingArchive/session/head-office',
      GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: 'nonce' },
    });
  });

  test('include a link token only with token authorization', () => {
    const token = {
      Name: 'PbxRecordingArchive/link-token',
      GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
    };
    template.hasResourceProperties('AWS::SecretsManager::Secret', token);
    expect(environmentOf('RecordingLink').LINK_TOKEN_SECRET).toBe(token.Name);
    for (const { template: other } of [withLinks.iam, withLinks.jwt]) {
      other.resourcePropertiesCountIs('AWS::SecretsManager::Secret', { Name: token.Name }, 0);
    }
  });

  test('include one for the keys of the search API only without a link token', () => {
    const secret = {
      Name: 'PbxRecordingArchive/api',
      GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
    };
    for (const type of ['iam', 'jwt'] as const) {
      withLinks[type].template.hasResourceProperties('AWS::SecretsManager::Secret', secret);
      expect(environmentOf('ArchiveApi', withLinks[type]).API_SECRET).toBe(secret.Name);
    }
    template.resourcePropertiesCountIs('AWS::SecretsManager::Secret', { Name: secret.Name }, 0);
  });

  test('are all generated, and their values appear nowhere in the template', () => {
    for (const { Type, Properties } of Object.values(archive.resources)) {
      if (Type !== 'AWS::SecretsManager::Secret') continue;
      expect(Properties).toHaveProperty('GenerateSecretString');
      expect(Properties).not.toHaveProperty('SecretString');
    }
    // A dynamic reference would make CloudFormation write the value into a property.
    expect(JSON.stringify(archive.template.toJSON())).not.toContain('resolve:secretsmanager');
  });

  test('are deleted when their PBX is removed', () => {
    template.allResources('AWS::SecretsManager::Secret', { DeletionPolicy: 'Delete' });
  });
});

describe('the outputs', () => {
  test('are what people need after a deployment', () => {
    expect(Object.keys(archive.outputs).sort()).toEqual([
      'AccessTable',
      'AlarmTopicArn',
      'ArchiveApiLogs',
      'ArchivePageLogs',
      'ArchiveRecordingLogs',
      'CdrWebhookLogs',
      'CredentialsSecret',
      'DeadLetterQueueUrl',
      'IndexDeadLetterQueueUrl',
      'IndexQueueUrl',
      'IndexRecordingLogs',
      'IndexTable',
      'LinkApiUrl',
      'LinkTokenSecret',
      'PageUrl',
      'PbxSessionFunction',
      'PbxSessionLogs',
      'ReconcileFunction',
      'ReconcileLogs',
      'RecordingLinkLogs',
      'RecordingsBucket',
      'SearchApiUrl',
      'WebhookHost',
    ]);
    expect(archive.outputs.CredentialsSecret?.Value).toBe('PbxRecordingArchive/pbx/{pbxId}');
    expect(archive.outputs.LinkTokenSecret?.Value).toBe('PbxRecordingArchive/link-token');
    const [apiId] = findResource(archive.resources, 'AWS::ApiGatewayV2::Api');
    expect(flatten(archive.outputs.LinkApiUrl?.Value)).toBe(
      `https://<${apiId}>.execute-api.<AWS::Region>.<AWS::URLSuffix>/recordings/`,
    );
  });

  test('include no link token when there is none', () => {
    expect(withLinks.iam.outputs).not.toHaveProperty('LinkTokenSecret');
  });
});

describe('the stack', () => {
  test('has the configured name and tags', () => {
    const config = readArchiveConfig({ ...officeOnly, stackName: 'Calls', tags: { department: 'support' } });
    const stack = new ArchiveStack(new App({ context }), config);
    expect(stack.stackName).toBe('Calls');
    expect(stack.tags.tagValues()).toEqual({ department: 'support' });
  });
});
