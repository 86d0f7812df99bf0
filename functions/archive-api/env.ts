import * as v from 'valibot';
import { SESSION_COOKIES } from '../shared/access/session-cookie.ts';
import { linkEnv } from '../shared/config/link-env.ts';

const common = {
  ...linkEnv,
  PBX_REGISTRY_FILE: v.string(),
  INDEX_TABLE: v.string(),
};

/** With `iam` and `jwt`, API Gateway verifies the caller. The keys of the API then come from a secret of its own. */
export const envSchema = v.variant('LINK_AUTHORIZATION', [
  v.object({ ...common, LINK_AUTHORIZATION: v.picklist(['iam', 'jwt']), API_SECRET: v.string() }),
  v.object({
    ...common,
    LINK_AUTHORIZATION: v.literal('token'),
    LINK_TOKEN_SECRET: v.string(),
    SESSION_COOKIE: v.picklist(SESSION_COOKIES),
  }),
]);
