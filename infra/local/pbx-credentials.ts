import askPassword from '@inquirer/password';
import type { Pbx } from '../../functions/shared/config/pbx-registry.ts';
import { UsageError } from '../shared/command-line.ts';

/** The contents of the PBX's secret, which a person enters on AWS. Secrets come from the environment or a prompt. */
export async function readPbxCredentials(
  family: Pbx['family'],
  username: string,
): Promise<Record<string, string>> {
  if (family !== 'p-series') {
    return { username, password: await readSecret('password', `Password of ${username}:`, 'PBX_PASSWORD') };
  }
  return {
    clientId: username,
    clientSecret: await readSecret('client secret', `Client secret of ${username}:`, 'PBX_PASSWORD'),
    signatureSecret: await readSecret(
      'secret of the webhook',
      'Secret of the webhook:',
      'PBX_WEBHOOK_SECRET',
    ),
  };
}

/** An empty secret would replace a good one that is stored. */
async function readSecret(name: string, message: string, variable: string): Promise<string> {
  const value = process.env[variable];
  if (value === '') throw new UsageError(`${variable} is empty. Set it, or unset it to be asked.`);
  if (value !== undefined) return value;
  const missing = new UsageError(`No ${name}. Type it at the prompt, or set ${variable}.`);
  if (!process.stdin.isTTY) throw missing;
  return askPassword({
    message,
    validate: (text) => text !== '' || `It is empty. Type the ${name}, or press Ctrl-C to stop.`,
  }).catch(() => Promise.reject(missing));
}
