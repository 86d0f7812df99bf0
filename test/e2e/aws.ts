import { dirname } from 'node:path';
import type { AccessKeys, Emulator } from './emulator.ts';
import { awsCli } from './python.ts';
import { runProgram } from './run-program.ts';
import { region, runDirectory } from './settings.ts';

/** Calls AWS as one user, by AWS's own command line. */
export interface Aws {
  /** The environment in which any AWS client acts as this user on the emulator. */
  readonly env: Record<string, string>;
  /** `aws COMMAND --NAME VALUE ... PARAMETERS`; returns what AWS answers. */
  call<Answer = unknown>(
    command: string,
    options?: Record<string, string>,
    ...parameters: string[]
  ): Promise<Answer>;
}

export function createAws({ address, certificate }: Emulator, keys: AccessKeys): Aws {
  const env = {
    // npm scripts and the CDK run on the same Node.js.
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    // Neither usage data nor questions about updates leave this machine.
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    npm_config_update_notifier: 'false',
    // Neither settings nor credentials of the person who runs this.
    HOME: runDirectory,
    AWS_ENDPOINT_URL: `https://${address}`,
    AWS_CA_BUNDLE: certificate,
    NODE_EXTRA_CA_CERTS: certificate,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  };
  // For SQS, the AWS CLI ignores the endpoint in the environment.
  const common = { 'endpoint-url': env.AWS_ENDPOINT_URL, output: 'json' };
  return {
    env,
    async call<Answer>(command: string, options: Record<string, string> = {}, ...parameters: string[]) {
      const named = Object.entries({ ...common, ...options }).flatMap(([name, value]) => [
        `--${name}`,
        value,
      ]);
      const answer = await runProgram(awsCli, [...command.split(' '), ...named, ...parameters], { env });
      return (answer.length === 0 ? undefined : JSON.parse(answer.toString())) as Answer;
    },
  };
}

/** Creates a user with a policy. Unlike root's, its requests need a right signature and a permission. */
export async function createUser(root: Aws, name: string, policy: object): Promise<AccessKeys> {
  const user = { 'user-name': name };
  const document = JSON.stringify(policy);
  await root.call('iam create-user', user);
  await root.call('iam put-user-policy', { ...user, 'policy-name': 'e2e', 'policy-document': document });
  const { AccessKey } = await root.call<{ AccessKey: { AccessKeyId: string; SecretAccessKey: string } }>(
    'iam create-access-key',
    user,
  );
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
}

export const allow = (action: string, resource = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: resource }],
});
