import * as v from 'valibot';
import { linkEnv } from '../shared/config/link-env.ts';

/** With `iam` and `jwt`, API Gateway verifies the caller before the function runs. */
export const envSchema = v.variant('LINK_AUTHORIZATION', [
  v.object({ ...linkEnv, LINK_AUTHORIZATION: v.picklist(['iam', 'jwt']) }),
  v.object({ ...linkEnv, LINK_AUTHORIZATION: v.literal('token'), LINK_TOKEN_SECRET: v.string() }),
]);
