import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import * as v from 'valibot';
import { registrySchema } from '../../functions/shared/config/pbx-registry.ts';
import { type ArchiveConfig, readArchiveConfig } from '../config/archive-config.ts';
import { UsageError } from '../shared/command-line.ts';
import { checkEndpoints } from '../shared/environment.ts';
import { buildRegistry, eventKeySecret } from '../stack/registry-layer.ts';

const cdkFile = resolve(import.meta.dirname, '../../cdk.json');

/** By default the SDK waits forever for a network that swallows everything. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true };

/** The outputs of ArchiveStack that are needed here. */
const outputsSchema = v.objectWithRest(
  {
    RecordingsBucket: v.string(),
    DeadLetterQueueUrl: v.pipe(v.string(), v.url()),
    IndexTable: v.optional(v.string()),
    AccessTable: v.optional(v.string()),
    IndexQueueUrl: v.optional(v.pipe(v.string(), v.url())),
    IndexDeadLetterQueueUrl: v.optional(v.pipe(v.string(), v.url())),
    EventDeadLetterQueueUrl: v.optional(v.pipe(v.string(), v.url())),
    WebhookHost: v.string(),
  },
  v.string(),
);

/** Finds the deployed stack that cdk.json configures. */
export async function findStack() {
  checkEndpoints();
  const config = await readConfig();
  // The AWS CLI reads both variables, the SDK only the first.
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  if (AWS_DEFAULT_REGION !== undefined) process.env.AWS_REGION = AWS_REGION ?? AWS_DEFAULT_REGION;
  const cloudFormation = new CloudFormationClient({ requestHandler: TIMEOUTS });
  const region = await cloudFormation.config.region();
  const { outputs, status } = await describeStack(cloudFormation, config.stackName, region);
  const { IndexQueueUrl: eventsUrl, IndexDeadLetterQueueUrl: deadLettersUrl } = outputs;
  return {
    name: `the stack ${config.stackName} in ${region}`,
    options: '',
    bucket: outputs.RecordingsBucket,
    deadLetterQueueUrl: outputs.DeadLetterQueueUrl,
    indexQueues: eventsUrl && deadLettersUrl ? { eventsUrl, deadLettersUrl } : undefined,
    eventDeadLettersUrl: outputs.EventDeadLetterQueueUrl,
    eventKeySecret: eventKeySecret(config.stackName),
    indexTable: outputs.IndexTable,
    accessTable: outputs.AccessTable,
    // All queues of a stack are in one account and region.
    queueUrlBase: outputs.DeadLetterQueueUrl.slice(0, outputs.DeadLetterQueueUrl.lastIndexOf('/') + 1),
    reportHost: outputs.WebhookHost,
    registry: v.parse(registrySchema, buildRegistry(config)),
    stack: { name: config.stackName, status, outputs, vpcId: config.network?.vpcId },
  };
}

async function readConfig(): Promise<ArchiveConfig> {
  try {
    // Editors on Windows begin files with a byte order mark.
    const text = (await readFile(cdkFile, 'utf8')).replace(/^\uFEFF/, '');
    return readArchiveConfig(parseCdkFile(text).context?.archive);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseCdkFile(text: string) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`cdk.json is not valid JSON: ${(error as Error).message}`);
  }
}

async function describeStack(client: CloudFormationClient, stackName: string, region: string) {
  const { Stacks = [] } = await client
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .catch((error: unknown) => {
      // CloudFormation's error for a stack that does not exist.
      if (error instanceof Error && error.name === 'ValidationError') return { Stacks: [] };
      throw error;
    });
  const { Outputs = [], StackStatus: status = '' } = Stacks[0] ?? {};
  const entries = Outputs.map(({ OutputKey = '', OutputValue }) => [OutputKey, OutputValue]);
  const outputs = v.safeParse(outputsSchema, Object.fromEntries(entries));
  if (outputs.success) return { outputs: outputs.output, status };
  if (/^(?:CREATE|REVIEW)_IN_PROGRESS$/.test(status)) {
    throw new UsageError(
      `The stack ${stackName} in ${region} is still being created (${status}). Run this command again when it is there.`,
    );
  }
  if (/FAILED|ROLLBACK|DELETE/.test(status)) {
    throw new UsageError(
      `The stack ${stackName} in ${region} is not deployed (${status}). Run npm run deploy, and correct what it reports.`,
    );
  }
  throw new UsageError(
    `There is no stack ${stackName} in ${region}, or another version deployed it. Run npm run deploy, or select region and account with AWS_REGION and AWS_PROFILE. For a local host, add --local.`,
  );
}
