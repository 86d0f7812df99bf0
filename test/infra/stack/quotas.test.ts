import { describe, expect, test } from 'vitest';
import { MAX_BODY_BYTES } from '../../../functions/cdr-webhook/receive-report.ts';
import { MAX_RECORDING_MIB } from '../../../functions/shared/config/limits.ts';
import { MAX_DELAY_SECONDS } from '../../../functions/shared/jobs/retry-policy/decide.ts';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { deployedWith, largestAlternative, largestSettings, longestPbxIds } from './largest-stack.ts';
import {
  deadLetterAttributes,
  encodedName,
  keys,
  largestPackage,
  longestRetrySeconds,
  messages,
  metadata,
  partBytes,
  parts,
  pbx,
  sessionVersionsInADay,
} from './longest-values.ts';
import { findResource, flatten, type Json, type Resource, synthArchive } from './synth-archive.ts';

type Properties = Resource['Properties'];

const KIB = 1024;
const MIB = 1024 * KIB;

// What the templates have.

const largest = synthArchive(largestSettings);
const alternative = synthArchive(largestAlternative);
const { resources, outputs, template } = largest;
const deployed = deployedWith(largest);

const ofType = (type: string, from = resources): Properties[] =>
  Object.values(from).flatMap(({ Type, Properties }) => (Type === type ? [Properties] : []));
const largestOf = <T>(values: readonly T[], sizeOf: (value: T) => number) => Math.max(...values.map(sizeOf));
const lengthOf = (list: Json | undefined) => (Array.isArray(list) ? list.length : 0);
const charactersOf = (text: Json | undefined) => (text === undefined ? 0 : flatten(text).length);
/** Characters of a JSON document, with the ARNs that it has in the end. */
const sizeOf = (document: Json | undefined) => JSON.stringify(deployed(document ?? null)).length;
/** Sums over the values that have the same property, such as the policies of one role. */
const sumsBy = (property: string, values: Properties[], measure: (value: Properties) => number) =>
  [...Map.groupBy(values, (value) => JSON.stringify(value[property])).values()].map((group) =>
    group.reduce((sum, value) => sum + measure(value), 0),
  );
/** The property of a property. */
const inner = (properties: Properties, outer: string, name: string) =>
  (properties[outer] as Record<string, Json> | undefined)?.[name];

const functions = ofType('AWS::Lambda::Function');
const queues = ofType('AWS::SQS::Queue');
const secrets = ofType('AWS::SecretsManager::Secret');
const rules = ofType('AWS::Events::Rule', alternative.resources);
const inlinePolicies = ofType('AWS::IAM::Policy');
const managedPolicies = ofType('AWS::IAM::ManagedPolicy');
const concurrencyIn = (from: typeof resources) =>
  ofType('AWS::Lambda::EventSourceMapping', from).map((source) =>
    Number(inner(source, 'ScalingConfig', 'MaximumConcurrency')),
  );

const alarms = ofType('AWS::CloudWatch::Alarm');
interface MetricQuery {
  MetricStat?: { Period: number };
}
const metricsOf = ({ Metrics }: Properties) => (Metrics ?? []) as unknown as MetricQuery[];
const periodOf = (alarm: Properties) =>
  Math.max(Number(alarm.Period ?? 0), ...metricsOf(alarm).map(({ MetricStat }) => MetricStat?.Period ?? 0));
const longestWindow = (isIncluded: (periodSeconds: number) => boolean) =>
  largestOf(
    alarms.filter((alarm) => isIncluded(periodOf(alarm))),
    (alarm) => periodOf(alarm) * Number(alarm.EvaluationPeriods),
  );

const [, { Properties: dashboard }] = findResource(resources, 'AWS::CloudWatch::Dashboard');
const { widgets }: { widgets: { properties: { metrics?: Json[] } }[] } = JSON.parse(
  flatten(dashboard.DashboardBody),
);
/** A search finds a metric for each PBX. */
const metricsIn = (line: Json) => (JSON.stringify(line).includes('SEARCH(') ? longestPbxIds.length : 1);
const metricsPerWidget = widgets.map(({ properties: { metrics = [] } }) =>
  metrics.reduce<number>((sum, line) => sum + metricsIn(line), 0),
);

/** The timeouts of the functions to which the API forwards requests. */
const timeoutsBehindApi = ofType('AWS::ApiGatewayV2::Integration').map(({ IntegrationUri }) => {
  const [id = ''] = /\w+/.exec(flatten(IntegrationUri)) ?? [];
  return Number(resources[id]?.Properties.Timeout);
});

/** The setting of the function that signs links. */
const linkAgeOf = (variables: Json | undefined) =>
  Number((variables as Record<string, Json>).MAX_LINK_AGE_SECONDS ?? 0);

/** A limit of AWS: the default, if AWS can raise it. */
interface Quota {
  what: string;
  limit: number;
  /** What we allow ourselves, if that is far less. Raise it when you need more, and look at the limit first. */
  budget?: number;
  used: number | (() => Promise<number>);
}

const DOCS = 'https://docs.aws.amazon.com';

/** By the page of AWS's documentation that has them. */
const quotas: Record<string, Quota[]> = {
  [`${DOCS}/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html`]: [
    { what: 'resources in a template', limit: 500, used: Object.keys(resources).length },
    { what: 'outputs in a template', limit: 200, budget: 30, used: Object.keys(outputs).length },
    {
      what: 'bytes of a template in S3',
      limit: 1_000_000,
      // Indented as the CDK writes it.
      used: Buffer.byteLength(JSON.stringify(template.toJSON(), null, 1)),
    },
  ],
  [`${DOCS}/AWSCloudFormation/latest/APIReference/API_CreateStack.html`]: [
    { what: 'tags', limit: 50, used: Object.keys(readArchiveConfig(largestSettings).tags).length },
  ],
  [`${DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html`]: [
    {
      what: 'characters of the inline policies of a role',
      limit: 10_240,
      used: Math.max(...sumsBy('Roles', inlinePolicies, (policy) => sizeOf(policy.PolicyDocument))),
    },
    {
      what: 'characters of a managed policy',
      limit: 6144,
      used: largestOf(managedPolicies, (policy) => sizeOf(policy.PolicyDocument)),
    },
    {
      what: 'managed policies of a role',
      limit: 10,
      budget: 4,
      used: Math.max(...sumsBy('Roles', managedPolicies, () => 1)),
    },
    {
      what: 'characters of a trust policy',
      limit: 2048,
      budget: 200,
      used: largestOf(ofType('AWS::IAM::Role'), (role) => sizeOf(role.AssumeRolePolicyDocument)),
    },
  ],
  [`${DOCS}/lambda/latest/dg/gettingstarted-limits.html`]: [
    {
      what: 'bytes of a function and its layers, unzipped',
      limit: 250e6,
      budget: 4 * MIB,
      used: largestPackage,
    },
    {
      what: 'layers of a function',
      limit: 5,
      budget: 1,
      used: largestOf(functions, (fn) => lengthOf(fn.Layers)),
    },
    {
      what: 'bytes of environment variables',
      limit: 4 * KIB,
      budget: 2 * KIB,
      used: largestOf(functions, (fn) => sizeOf(inner(fn, 'Environment', 'Variables'))),
    },
    { what: 'seconds of a timeout', limit: 900, used: largestOf(functions, (fn) => Number(fn.Timeout)) },
    {
      what: 'bytes of a resource-based policy',
      limit: 20 * KIB,
      budget: 4 * KIB,
      used: Math.max(
        ...sumsBy('FunctionName', ofType('AWS::Lambda::Permission', alternative.resources), sizeOf),
      ),
    },
    {
      what: 'bytes of an event',
      limit: 6 * MIB,
      budget: 1.5 * MIB,
      used: largestOf(messages, (body) => JSON.stringify({ Records: [{ body }] }).length),
    },
    {
      what: 'functions that run at once in an account, with the default concurrency per PBX',
      limit: 1000,
      budget: 200,
      used: concurrencyIn(alternative.resources).reduce((sum, concurrency) => sum + concurrency),
    },
  ],
  [`${DOCS}/lambda/latest/api/API_VpcConfig.html`]: [
    {
      what: 'subnets of a function',
      limit: 16,
      used: largestOf(functions, (fn) => lengthOf(inner(fn, 'VpcConfig', 'SubnetIds'))),
    },
    {
      what: 'security groups of a function',
      limit: 5,
      used: largestOf(ofType('AWS::Lambda::Function', alternative.resources), (fn) =>
        lengthOf(inner(fn, 'VpcConfig', 'SecurityGroupIds')),
      ),
    },
  ],
  [`${DOCS}/lambda/latest/api/API_ScalingConfig.html`]: [
    { what: 'concurrency of a queue', limit: 1000, used: Math.max(...concurrencyIn(resources)) },
  ],
  [`${DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html`]: [
    {
      what: 'characters of the name of a queue',
      limit: 80,
      used: largestOf(queues, (queue) => charactersOf(queue.QueueName)),
    },
  ],
  [`${DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html`]: [
    { what: 'bytes of a message', limit: MIB, used: largestOf(messages, (body) => Buffer.byteLength(body)) },
    {
      what: 'attributes of a message',
      limit: 10,
      used: async () => Object.keys(await deadLetterAttributes()).length,
    },
    { what: 'seconds of delay, of a message', limit: 900, used: MAX_DELAY_SECONDS },
    {
      what: 'seconds of delay, of a queue',
      limit: 900,
      budget: 8,
      used: largestOf(queues, (queue) => Number(queue.DelaySeconds ?? 0)),
    },
    {
      what: 'seconds of visibility timeout, of a queue',
      limit: 12 * 3600,
      budget: 3000,
      used: largestOf(queues, (queue) => Number(queue.VisibilityTimeout ?? 0)),
    },
    {
      what: 'seconds of visibility timeout, until the next attempt',
      limit: 12 * 3600,
      budget: 3600,
      used: longestRetrySeconds,
    },
    {
      what: 'seconds of retention',
      limit: 14 * 86_400,
      used: largestOf(queues, (queue) => Number(queue.MessageRetentionPeriod)),
    },
    {
      what: 'bytes of the policy of a queue',
      limit: 8 * KIB,
      budget: 1000,
      used: largestOf(ofType('AWS::SQS::QueuePolicy'), (policy) => sizeOf(policy.PolicyDocument)),
    },
  ],
  [`${DOCS}/secretsmanager/latest/userguide/reference_limits.html`]: [
    {
      what: 'versions of a secret, of which none is deleted within a day',
      limit: 100,
      used: sessionVersionsInADay,
    },
    {
      // pbx-session keeps all sessions at the same time.
      what: 'PutSecretValue requests a second',
      limit: 50,
      used: secrets.filter(({ Name }) => flatten(Name).includes('/session/')).length,
    },
    { what: 'secrets in a region', limit: 500_000, budget: 150, used: secrets.length },
  ],
  [`${DOCS}/secretsmanager/latest/apireference/API_CreateSecret.html`]: [
    {
      what: 'characters of the name of a secret',
      limit: 512,
      budget: 100,
      used: largestOf(secrets, (secret) => charactersOf(secret.Name)),
    },
  ],
  [`${DOCS}/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html`]: [
    {
      what: 'metrics of an alarm',
      limit: 10,
      used: largestOf(alarms, (alarm) => metricsOf(alarm).filter(({ MetricStat }) => MetricStat).length),
    },
    {
      what: 'actions of an alarm',
      limit: 5,
      budget: 1,
      used: largestOf(alarms, (alarm) => lengthOf(alarm.AlarmActions)),
    },
    { what: 'metrics of a widget', limit: 500, budget: 200, used: Math.max(...metricsPerWidget) },
    {
      what: 'metrics of a dashboard',
      limit: 2500,
      budget: 1500,
      used: metricsPerWidget.reduce((sum, metrics) => sum + metrics),
    },
    { what: 'widgets of a dashboard', limit: 500, budget: 30, used: widgets.length },
  ],
  [`${DOCS}/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html`]: [
    {
      what: 'seconds that an alarm looks back, with periods of less than an hour',
      limit: 86_400,
      budget: 3000,
      used: longestWindow((period) => period < 3600),
    },
    {
      what: 'seconds that an alarm looks back, with periods of an hour or more',
      limit: 7 * 86_400,
      budget: 7 * 86_400,
      used: longestWindow((period) => period >= 3600),
    },
    {
      what: 'characters of the name of an alarm',
      limit: 255,
      budget: 150,
      used: largestOf(alarms, (alarm) => charactersOf(alarm.AlarmName)),
    },
    {
      what: 'characters of the description of an alarm',
      limit: 1024,
      budget: 500,
      used: largestOf(alarms, (alarm) => charactersOf(alarm.AlarmDescription)),
    },
  ],
  [`${DOCS}/apigateway/latest/developerguide/http-api-quotas.html`]: [
    { what: 'routes', limit: 300, budget: 20, used: ofType('AWS::ApiGatewayV2::Route').length },
    { what: 'integrations', limit: 300, budget: 6, used: timeoutsBehindApi.length },
    { what: 'seconds of an integration', limit: 30, budget: 15, used: Math.max(...timeoutsBehindApi) },
    { what: 'bytes of a payload', limit: 10e6, budget: 100 * KIB, used: MAX_BODY_BYTES },
    {
      what: 'bytes of request line and headers',
      limit: 10_240,
      budget: KIB,
      used: `GET /recordings/${pbx}?recording=${encodeURIComponent(encodedName)} HTTP/1.1`.length,
    },
    {
      what: 'bytes of the template of the access log',
      limit: 3 * KIB,
      budget: 500,
      used: largestOf(ofType('AWS::ApiGatewayV2::Stage'), (stage) =>
        charactersOf(inner(stage, 'AccessLogSettings', 'Format')),
      ),
    },
    {
      what: 'audiences of an authorizer',
      limit: 50,
      used: largestOf(ofType('AWS::ApiGatewayV2::Authorizer', alternative.resources), (authorizer) =>
        lengthOf(inner(authorizer, 'JwtConfiguration', 'Audience')),
      ),
    },
  ],
  [`${DOCS}/eventbridge/latest/userguide/eb-quota.html`]: [
    // In some regions; 300 in the others.
    { what: 'rules on an event bus', limit: 100, budget: 15, used: rules.length },
    {
      what: 'targets of a rule',
      limit: 5,
      budget: 1,
      used: largestOf(rules, (rule) => lengthOf(rule.Targets)),
    },
    {
      what: 'characters of the input of a target',
      limit: 8192,
      budget: 1024,
      used: largestOf(rules, ({ Targets }) => sizeOf(Targets)),
    },
  ],
  [`${DOCS}/AmazonS3/latest/userguide/UsingMetadata.html`]: [
    {
      what: 'bytes of user metadata',
      limit: 2 * KIB,
      used: Object.entries(metadata).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0),
    },
  ],
  [`${DOCS}/AmazonS3/latest/userguide/object-keys.html`]: [
    { what: 'bytes of a key', limit: 1024, used: largestOf(keys, (text) => Buffer.byteLength(text)) },
  ],
  [`${DOCS}/AmazonS3/latest/userguide/qfacts.html`]: [
    { what: 'parts of an upload', limit: 10_000, used: parts },
    { what: 'bytes of a part', limit: 5 * KIB * MIB, budget: 5 * MIB, used: partBytes },
  ],
  [`${DOCS}/AmazonS3/latest/userguide/using-presigned-url.html`]: [
    {
      what: 'seconds that a presigned URL is valid',
      limit: 7 * 86_400,
      budget: 12 * 3600,
      used: largestOf(functions, (fn) => linkAgeOf(inner(fn, 'Environment', 'Variables'))),
    },
  ],
  [`${DOCS}/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html`]: [
    {
      what: 'characters of the name of a log group',
      limit: 512,
      budget: 100,
      used: largestOf(ofType('AWS::Logs::LogGroup'), (group) => charactersOf(group.LogGroupName)),
    },
  ],
};

describe.each(Object.entries(quotas))('%s', (_source, rows) => {
  test.each(rows)('$what: at most $limit', async ({ limit, budget = limit, used }) => {
    const most = typeof used === 'number' ? used : await used();
    expect(budget).toBeLessThanOrEqual(limit);
    expect(most).toBeLessThanOrEqual(budget);
    // Otherwise the budget says nothing.
    expect(2 * most).toBeGreaterThan(budget);
  });
});

describe('the smallest values that AWS accepts:', () => {
  test('5 MiB for a part, except the last one', () => {
    expect(partBytes).toBeGreaterThanOrEqual(5 * MIB);
  });

  test('a concurrency of 2 for a queue', () => {
    expect(Math.min(...concurrencyIn(alternative.resources))).toBeGreaterThanOrEqual(2);
  });
});

describe('the configuration accepts nothing larger than what is measured here:', () => {
  const { pbxs, links, reconciliation, tags, network } = largestSettings;
  const { authorization } = largestAlternative.links;
  test.each<[string, Record<string, unknown>]>([
    ['a longer name', { stackName: `${largestSettings.stackName}A` }],
    ['another PBX', { pbxs: { ...pbxs, another: { baseUrl: 'https://10.1.0.10' } } }],
    ['a longer id of a PBX', { pbxs: { [`${pbx}x`]: { baseUrl: 'https://10.1.0.10' } } }],
    ['more concurrency', { pbxs: { [pbx]: { ...pbxs[pbx], maxConcurrency: 1001 } } }],
    ['larger recordings', { pbxs: { [pbx]: { ...pbxs[pbx], maxRecordingMiB: MAX_RECORDING_MIB + 1 } } }],
    ['older links', { links: { ...links, maximumAgeSeconds: links.maximumAgeSeconds + 1 } }],
    [
      'another audience',
      { links: { authorization: { ...authorization, audience: [...authorization.audience, 'x'] } } },
    ],
    [
      'less frequent runs',
      { reconciliation: { ...reconciliation, recent: { everyHours: 25, overHours: 744 } } },
    ],
    ['another tag', { tags: { ...tags, another: 'x' } }],
    ['another subnet', { network: { ...network, subnetIds: [...network.subnetIds, 'subnet-0b000000'] } }],
  ])('not %s', (_what, settings) => {
    expect(() => readArchiveConfig({ ...largestSettings, ...settings })).toThrow();
  });
});
