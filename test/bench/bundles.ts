import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** What the stack deploys of a function. */
export interface Bundle {
  /** Path of its JavaScript. */
  path: string;
  memoryMb: number;
  /** As the stack sets it; a value is a text, or CloudFormation's way to one. */
  environment: Record<string, unknown>;
}

/** As far as the benchmark looks at them. */
export interface Resource {
  Type: string;
  Metadata?: { 'aws:cdk:path': string; 'aws:asset:path': string };
  Properties: {
    MemorySize: number;
    Environment: { Variables: Record<string, unknown> };
    ScheduleExpression: string;
    /** Of an alarm on more than one metric. */
    Metrics?: { MetricStat?: object }[];
  };
}

export interface Stack {
  /** The functions', by their names in the stack. */
  bundles: Map<string, Bundle>;
  resources: Resource[];
}

/** Synthesizes the stack of `cdk.json`, which has one PBX, into `directory`. */
export async function synthesizeStack(directory: string): Promise<Stack> {
  const cdk = join(root, 'node_modules/.bin/cdk');
  await promisify(execFile)(cdk, ['synth', '--quiet', '--output', directory], { cwd: root });
  const file = join(directory, 'PbxRecordingArchive.template.json');
  const resources: Resource[] = Object.values(JSON.parse(await readFile(file, 'utf8')).Resources);
  const bundles = new Map<string, Bundle>();
  for (const { Type, Metadata, Properties } of resources) {
    if (Type !== 'AWS::Lambda::Function' || Metadata === undefined) continue;
    const [, name = ''] = Metadata['aws:cdk:path'].split('/');
    bundles.set(name, {
      path: join(directory, Metadata['aws:asset:path'], 'index.js'),
      memoryMb: Properties.MemorySize,
      environment: Properties.Environment.Variables,
    });
  }
  return { bundles, resources };
}

/** What the function finds in its environment: where AWS is, and its own settings, the benchmark's before the stack's. */
export function environmentOf(
  { environment }: Bundle,
  replaced: Record<string, string>,
): Record<string, string> {
  const found = Object.entries(replaced).filter(([name]) => name.startsWith('AWS_'));
  for (const [name, value] of Object.entries(environment)) {
    const text = replaced[name] ?? value;
    if (typeof text !== 'string') throw new Error(`The benchmark has no value for ${name}.`);
    found.push([name, text]);
  }
  return Object.fromEntries(found);
}
