import * as v from 'valibot';
import { MIN_LINK_AGE_SECONDS } from '../shared/config/limits.ts';

const seconds = v.pipe(
  v.string(),
  v.regex(/^\d+$/, 'should be whole seconds'),
  v.transform(Number),
  v.minValue(MIN_LINK_AGE_SECONDS, `should be at least ${MIN_LINK_AGE_SECONDS}`),
);

const common = {
  ACCESS_FILE: v.string(),
  ACCESS_TABLE: v.string(),
  BUCKET_NAME: v.string(),
  MAX_LINK_AGE_SECONDS: seconds,
};

/** With `iam` and `jwt`, API Gateway verifies the caller before the function runs. */
export const envSchema = v.variant('LINK_AUTHORIZATION', [
  v.object({ ...common, LINK_AUTHORIZATION: v.picklist(['iam', 'jwt']) }),
  v.object({ ...common, LINK_AUTHORIZATION: v.literal('token'), LINK_TOKEN_SECRET: v.string() }),
]);
