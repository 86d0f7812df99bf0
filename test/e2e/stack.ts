import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Aws } from './aws.ts';
import type { Curl } from './curl.ts';
import type { AnyPbx } from './pbxs.ts';
import type { Outputs, Project } from './project.ts';
import { runDirectory } from './settings.ts';

/** A deployed stack, and the means to work with it. */
export interface DeployedStack {
  readonly project: Project;
  readonly outputs: Outputs;
  readonly aws: Aws;
  readonly curl: Curl;
  /** Throws if a function has been denied anything so far. */
  assertNothingDenied(): void;
}

/** Invokes a function as the README does, and returns its response. */
export async function invoke<Response>(
  { aws }: DeployedStack,
  name: string,
  event: object,
): Promise<Response> {
  // Several may be invoked at the same time.
  const file = join(runDirectory, `response-${randomUUID()}.json`);
  const { FunctionError } = await aws.call<{ FunctionError?: string }>(
    'lambda invoke',
    { 'function-name': name, payload: JSON.stringify(event) },
    file,
  );
  const response = await readFile(file, 'utf8');
  if (FunctionError !== undefined) throw new Error(`${name} failed: ${response}`);
  return JSON.parse(response);
}

export async function readSecret({ aws }: DeployedStack, name: string): Promise<string> {
  const { SecretString } = await aws.call<{ SecretString: string }>('secretsmanager get-secret-value', {
    'secret-id': name,
  });
  return SecretString;
}

/** "Enter the credentials" of the README, with the login that follows. */
export async function connect(stack: DeployedStack, pbx: AnyPbx): Promise<void> {
  const { CredentialsSecret, WebhookHost } = stack.outputs;
  const { id } = pbx;
  const name = CredentialsSecret.replace('{pbxId}', id);
  const value = { ...JSON.parse(await readSecret(stack, name)), ...pbx.prepare(WebhookHost) };
  await stack.aws.call('secretsmanager put-secret-value', {
    'secret-id': name,
    'secret-string': JSON.stringify(value),
  });
  const { sessions } = await invoke<{ sessions: { outcome: string }[] }>(
    stack,
    stack.outputs.PbxSessionFunction,
    { pbx: id },
  );
  assert.deepEqual(
    sessions.map(({ outcome }) => outcome),
    ['logged-in'],
  );
}
