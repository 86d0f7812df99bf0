import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const PROJECT_ROOT = resolve(import.meta.dirname, '../..');

/** A function as the stack deploys it, with an environment in which it works on this machine. */
export interface DeployedFunction {
  /** Path of its bundled JavaScript. */
  bundle: string;
  memoryMb: number;
  environment: Record<string, string>;
}

/** The parts of a CloudFormation resource that the benchmark reads. */
export interface Resource {
  Type: string;
  Metadata?: { 'aws:cdk:path': string; 'aws:asset:path': string };
  Properties: {
    MemorySize: number;
    Environment: { Variables: Record<string, unknown> };
    ScheduleExpression: string;
    /** In the place of a schedule. */
    EventPattern?: object;
    /** Only on alarms that combine several metrics. */
    Metrics?: { MetricStat?: object }[];
  };
}

/**
 * Synthesizes the stack of `cdk.json`, which has one PBX, into `directory`.
 *
 * @param values where AWS is on this machine, and the values of the functions' own variables
 * @returns also the functions by their construct ids, such as `RecordingLink`
 */
export async function synthesizeStack(directory: string, values: Readonly<Record<string, string>>) {
  const cdk = join(PROJECT_ROOT, 'node_modules/.bin/cdk');
  await promisify(execFile)(
    cdk,
    ['synth', '--quiet', '--context', 'acceptExample=true', '--output', directory],
    { cwd: PROJECT_ROOT },
  );
  const template = await readFile(join(directory, 'PbxRecordingArchive.template.json'), 'utf8');
  const resources: Resource[] = Object.values(JSON.parse(template).Resources);
  const functions: Record<string, DeployedFunction> = {};
  const layers = resources
    .filter(({ Type }) => Type === 'AWS::Lambda::LayerVersion')
    .map(({ Metadata }) => join(directory, Metadata?.['aws:asset:path'] ?? ''));
  for (const { Type, Metadata, Properties } of resources) {
    if (Type !== 'AWS::Lambda::Function' || Metadata === undefined) continue;
    const [, id = ''] = Metadata['aws:cdk:path'].split('/');
    functions[id] = {
      bundle: join(directory, Metadata['aws:asset:path'], 'index.js'),
      memoryMb: Properties.MemorySize,
      environment: resolveVariables(Properties.Environment.Variables, values, layers),
    };
  }
  return { functions, resources };
}

/** Gives a function the variables that the stack gives it and no others, except those of the AWS SDK. */
function resolveVariables(
  variables: Record<string, unknown>,
  values: Readonly<Record<string, string>>,
  layers: readonly string[],
) {
  const resolved = Object.entries(values).filter(([name]) => name.startsWith('AWS_'));
  for (const [name, deployed] of Object.entries(variables)) {
    const value = values[name] ?? deployed;
    // A value that CloudFormation fills in is an object in the template.
    if (typeof value !== 'string') throw new Error(`The benchmark has no value for ${name}.`);
    // Lambda unpacks the layers there.
    const paths = value.startsWith('/opt/') ? layers.map((layer) => join(layer, value.slice(5))) : [];
    resolved.push([name, paths.find(existsSync) ?? value]);
  }
  return Object.fromEntries(resolved);
}
