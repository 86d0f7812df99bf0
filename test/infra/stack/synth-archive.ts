import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { ArchiveStack } from '../../../infra/stack/archive-stack.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export interface Resource {
  Type: string;
  Properties: { [key: string]: Json };
  DependsOn?: string[];
  DeletionPolicy?: string;
}

export interface Synthesized {
  template: Template;
  resources: Record<string, Resource>;
  outputs: Record<string, { Value: Json }>;
}

const cdkJson: { context: Record<string, unknown> } = JSON.parse(readFileSync('cdk.json', 'utf8'));

/** The feature flags of the deployment, without bundling, because no test here looks at the bundles. */
export const context = { ...cdkJson.context, 'aws:cdk:bundling-stacks': [] };

export const officeOnly = { pbxs: { 'head-office': { baseUrl: 'https://203.0.113.10:8088' } } };

/** Synthesizes a stack with one PBX, head-office, and `config`. The checks of the result are in checks.test.ts. */
export function synthArchive(config: Record<string, unknown> = {}, region?: string): Synthesized {
  const app = new App({ context, builtinCloudFormationValidation: false });
  const env = region === undefined ? {} : { env: { region } };
  const stack = new ArchiveStack(app, readArchiveConfig({ ...officeOnly, ...config }), env);
  const template = Template.fromStack(stack);
  const json: { Resources: Record<string, Resource>; Outputs: Record<string, { Value: Json }> } = JSON.parse(
    JSON.stringify(template.toJSON()),
  );
  return { template, resources: json.Resources, outputs: json.Outputs };
}

/** The only resource of `type` whose logical id starts with `prefix`, with its id. */
export function findResource(
  resources: Record<string, Resource>,
  type: string,
  prefix = '',
): [string, Resource] {
  const found = Object.entries(resources).filter(([id, { Type }]) => Type === type && id.startsWith(prefix));
  const [only] = found;
  if (!only || found.length > 1) throw new Error(`${found.length} resources are ${type} ${prefix}*`);
  return only;
}

/** A value of a template as text, with references as `<Id>` and `<Id.Attribute>`. */
export function flatten(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(flatten).join();
  if ('Ref' in value) return `<${value.Ref}>`;
  const [getAtt, join] = [value['Fn::GetAtt'], value['Fn::Join']];
  if (Array.isArray(getAtt)) return `<${getAtt.join('.')}>`;
  if (Array.isArray(join) && Array.isArray(join[1])) return join[1].map(flatten).join(String(join[0]));
  throw new Error(`cannot flatten ${JSON.stringify(value)}`);
}

export interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: Json;
}

/** The policy statements of the role whose logical id starts with `prefix`. */
export function statementsOf(resources: Record<string, Resource>, prefix: string): Statement[] {
  const [roleId] = findResource(resources, 'AWS::IAM::Role', prefix);
  return Object.values(resources)
    .filter(({ Type }) => Type === 'AWS::IAM::Policy' || Type === 'AWS::IAM::ManagedPolicy')
    .filter(({ Properties }) => flatten(Properties.Roles) === `<${roleId}>`)
    .flatMap(
      ({ Properties }) => (Properties.PolicyDocument as unknown as { Statement: Statement[] }).Statement,
    );
}
