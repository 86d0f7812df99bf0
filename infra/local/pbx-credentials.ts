import askPassword from '@inquirer/password';
import { CREDENTIALS, type Pbx } from '../../functions/shared/config/pbx-registry.ts';
import { type Reporter, reportDialectOf } from '../../functions/shared/pbx/family-reports.ts';
import { UsageError } from '../shared/command-line.ts';

/** Environment variables for a family's secrets, in the order of its fields after the first. */
const VARIABLES = ['PBX_PASSWORD', 'PBX_WEBHOOK_SECRET'];

/** The contents of the PBX's secret, which a person enters on AWS. Secrets come from the environment or a prompt. */
export async function readPbxCredentials(
  settings: Pick<Pbx, 'family' | 'discoverEveryMinutes'> & Reporter,
  username: string,
): Promise<Record<string, string>> {
  const { fields, labels } = CREDENTIALS[settings.family];
  const [usernameField = '', ...secretFields] = fields;
  const credentials = { [usernameField]: username };
  for (const [index, field] of secretFields.entries()) {
    const variable = VARIABLES[index] ?? '';
    // The others authenticate reports.
    if (index > 0 && !isUsed(field, variable, settings)) continue;
    const label = labels[index + 1] ?? field;
    const owner = index === 0 ? ` of ${username}` : '';
    credentials[field] = await readSecret(label, `${capitalize(label)}${owner}:`, variable);
  }
  return credentials;
}

/** A PBX that is asked for its recordings need not have a webhook, but may. */
function isUsed(
  field: string,
  variable: string,
  { discoverEveryMinutes, ...reporter }: Parameters<typeof readPbxCredentials>[0],
): boolean {
  if (field !== reportDialectOf(reporter).secretField) return false;
  return discoverEveryMinutes === undefined || process.env[variable] !== undefined;
}

const capitalize = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

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
