import { hasCredentials, readCredentials } from '../../../functions/shared/config/credentials.ts';
import { CREDENTIALS, type Pbx } from '../../../functions/shared/config/pbx-registry.ts';
import type { Secrets } from '../../../functions/shared/config/secrets.ts';
import { type Reporter, reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import { ok, type Result, toDo } from './finding.ts';

/** Whether somebody has entered what the PBX asks for at a login, and what its reports are authenticated with. */
export async function checkCredentials(
  settings: Pick<Pbx, 'credentialsSecret' | 'family' | 'discoverEveryMinutes'> & Reporter,
  secrets: Secrets,
): Promise<Result> {
  const { credentialsSecret, family, discoverEveryMinutes } = settings;
  const { versionId } = await secrets.read(credentialsSecret);
  if (versionId === 'none') return toDo(`There is no secret ${credentialsSecret}. Run npm run deploy.`);
  const credentials = await readCredentials(settings, secrets);
  const [name = '', password = ''] = CREDENTIALS[family].fields;
  if (!hasCredentials(credentials))
    return toDo(`Enter ${name} and ${password} in the secret ${credentialsSecret}.`);
  const { secretsOf, secretField } = reportDialectOf(settings);
  // A firmware without a webhook has no secret of one.
  return secretsOf(credentials).length > 0 || discoverEveryMinutes !== undefined
    ? ok(`${name} and ${password} are filled in`)
    : toDo(`Enter ${secretField} in the secret ${credentialsSecret}. Without it, all reports are rejected.`);
}
