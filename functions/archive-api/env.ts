import * as v from 'valibot';
import { SESSION_COOKIES } from '../shared/access/session.ts';
import { MIN_LINK_AGE_SECONDS } from '../shared/config/limits.ts';

const seconds = v.pipe(
  v.string(),
  v.regex(/^\d+$/, 'should be whole seconds'),
  v.transform(Number),
  v.minValue(MIN_LINK_AGE_SECONDS, `should be at least ${MIN_LINK_AGE_SECONDS}`),
);

const common = {
  PBX_REGISTRY_FILE: v.string(),
  ACCESS_FILE: v.string(),
  BUCKET_NAME: v.string(),
  INDEX_TABLE: v.string(),
  ACCESS_TABLE: v.string(),
  MAX_LINK_AGE_SECONDS: seconds,
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
