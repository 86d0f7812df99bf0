import { hasCredentials, readCredentials } from '../../../functions/shared/config/credentials.ts';
import type { Secrets } from '../../../functions/shared/config/secrets.ts';
import { ok, type Result, toDo } from './finding.ts';

/** Whether somebody has entered the username and the password of the PBX. */
export async function checkCredentials(credentialsSecret: string, secrets: Secrets): Promise<Result> {
  const { versionId } = await secrets.read(credentialsSecret);
  if (versionId === 'none') return toDo(`There is no secret ${credentialsSecret}. Run npm run deploy.`);
  const credentials = await readCredentials({ credentialsSecret }, secrets);
  return hasCredentials(credentials)
    ? ok('username and password are filled in')
    : toDo(`Enter username and password in the secret ${credentialsSecret}.`);
}
