import type * as v from 'valibot';
import type { configSchema } from '../shared/api/contract.ts';
import type { AccessSettings } from '../shared/config/access-settings.ts';
import { type ApiResponse, refuse } from './api.ts';

type Config = v.InferOutput<typeof configSchema>;

/** `GET /api/config` */
export function describeConfig(
  type: 'token' | 'iam' | 'jwt',
  { signIn }: Pick<AccessSettings, 'signIn'>,
): ApiResponse {
  if (type === 'token') return { status: 200, body: { authorization: 'token' } satisfies Config };
  if (type === 'iam' || signIn === undefined)
    return refuse(404, 'no-page', { message: 'This archive has no page to sign in on.' });
  return { status: 200, body: { authorization: 'jwt', ...signIn } satisfies Config };
}
