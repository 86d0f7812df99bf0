import { scryptSync } from 'node:crypto';
import * as v from 'valibot';
import { ArchiveError } from '../errors.ts';
import { CREDENTIALS, type Credentials } from '../pbx/family-settings.ts';
import type { Pbx } from './pbx-registry.ts';
import type { Secrets } from './secrets.ts';

const MIN_WEBHOOK_SECRET_LENGTH = 16;

/** The administrator fills this secret in. The stack generates `webhookSecret` for the report URL. */
const webhookSecretSchema = v.pipe(v.string(), v.minLength(MIN_WEBHOOK_SECRET_LENGTH), v.regex(/^[\w-]+$/));

/** Never cached: the administrator may have corrected the password a second ago. */
export async function readCredentials(
  pbx: Pick<Pbx, 'credentialsSecret' | 'family'>,
  secrets: Secrets,
): Promise<Credentials> {
  const { value } = await secrets.read(pbx.credentialsSecret);
  const { schema, fields: entered } = CREDENTIALS[pbx.family];
  const whole = v.intersect([schema, v.object({ webhookSecret: webhookSecretSchema })]);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), whole), value);
  if (parsed.success) return parsed.output;
  const fields = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the JSON itself').join(', ');
  throw new ArchiveError(
    'credentials-malformed',
    `The secret ${pbx.credentialsSecret} must be JSON with ${entered.join(', ')} and webhookSecret. Correct ${fields}.`,
    { kind: 'login-held' },
  );
}

export const hasCredentials = ({ username, password }: Credentials) => username !== '' && password !== '';

/**
 * Detects changed credentials without storing them. The digest is kept beside the session, where a plain hash of the
 * password would invite guessing: hence scrypt.
 */
export function digestCredentials({ username, password }: Credentials): string {
  return scryptSync(password, username, 32).toString('base64');
}
