import {
  findResource,
  flatten,
  type Json,
  type Resource,
  statementsOf,
} from '../infra/stack/synth-archive.ts';
import type { Permission } from './permission.ts';

/** The prefix of the logical ids of each function's resources. */
const PREFIXES = {
  'cdr-webhook': 'CdrWebhook',
  'archive-recording': 'ArchiveRecording',
  'pbx-session': 'PbxSession',
  'index-recording': 'Index',
  reconcile: 'Reconciliation',
  'recording-link': 'RecordingLink',
  'archive-api': 'ArchiveApi',
} as const;

export type Feature = keyof typeof PREFIXES;

/** Names for the resources that a function may need, by logical id. */
const NAMES: readonly [RegExp, string][] = [
  [/^RecordingsBucket/, 'bucket'],
  [/^RecordingsKey/, 'key'],
  [/^IndexTable/, 'index table'],
  [/^AccessTable/, 'access table'],
  [/^IndexEvents/, 'index queue'],
  [/^Pbx\w+Queue/, 'job queue'],
  [/^DeadLetterQueue/, 'dead-letter queue'],
  [/^SessionRequests/, 'session queue'],
  [/^Pbx\w+Credentials/, 'credentials'],
  [/^Pbx\w+Session/, 'session'],
  [/^RecordingLinkToken/, 'link token'],
  [/^IndexEventKey/, 'event key'],
  [/^AccessTable/, 'access table'],
];

type Resources = Readonly<Record<string, Resource>>;

/** What the role of a function allows. */
export function grantedTo(feature: Feature, resources: Resources): Permission[] {
  return statementsOf(resources, PREFIXES[feature]).flatMap(({ Effect, Action, Resource, ...rest }) => {
    if (Effect !== 'Allow' || Object.keys(rest).length > 0) {
      throw new Error(
        `Only Effect, Action and Resource are understood, not ${JSON.stringify({ Effect, ...rest })}.`,
      );
    }
    const names = [Resource].flat().map((resource) => nameOf(resource, feature, resources));
    return [Action].flat().flatMap((action) => names.map((resource) => ({ action, resource })));
  });
}

/** What Lambda itself does with a role, as AWS documents it. */
const BY_LAMBDA = {
  // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
  writeLog: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-lambda-function-trigger.html
  pollQueue: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
  attachToVpc: [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ],
} as const;

/** What Lambda needs in the role of a function, as the template configures it. */
export function neededByLambda(feature: Feature, resources: Resources): Permission[] {
  const [functionId, { Properties }] = findResource(resources, 'AWS::Lambda::Function', PREFIXES[feature]);
  const on = (resource: string, actions: readonly string[]) =>
    actions.map((action) => ({ action, resource }));
  const polled = Object.values(resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping')
    .filter((mapping) => flatten(mapping.Properties.FunctionName) === `<${functionId}>`)
    .map((mapping) => nameOf(mapping.Properties.EventSourceArn, feature, resources));
  return [
    ...on('log group', BY_LAMBDA.writeLog),
    ...polled.flatMap((queue) => on(queue, BY_LAMBDA.pollQueue)),
    ...('VpcConfig' in Properties ? on('*', BY_LAMBDA.attachToVpc) : []),
  ];
}

/** An ARN of the template with a name instead of the logical id, such as `bucket/recordings/*`. */
function nameOf(arn: Json | undefined, feature: Feature, resources: Resources): string {
  const [logGroupId] = findResource(resources, 'AWS::Logs::LogGroup', PREFIXES[feature]);
  if (/:event-bus\/default$/.test(flatten(arn))) return 'event bus';
  const name = flatten(arn).replace(/^<(\w+)(?:\.Arn)?>/, (_, id: string) => {
    if (id === logGroupId) return 'log group';
    return NAMES.find(([pattern]) => pattern.test(id))?.[1] ?? id;
  });
  if (name.slice(0, -1).includes('*')) {
    throw new Error(`A wildcard is only understood at the end, not in ${name}.`);
  }
  return name;
}
