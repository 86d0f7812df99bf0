import * as v from 'valibot';

const seconds = v.pipe(
  v.string(),
  v.regex(/^\d+$/, 'should be whole seconds'),
  v.transform(Number),
  v.minValue(60, 'should be at least 60'),
);

const common = { BUCKET_NAME: v.string(), MAX_LINK_AGE_SECONDS: seconds };

/** With `iam` and `jwt`, API Gateway verifies the caller before the function runs. */
export const envSchema = v.variant('LINK_AUTHORIZATION', [
  v.object({ ...common, LINK_AUTHORIZATION: v.picklist(['iam', 'jwt']) }),
  v.object({ ...common, LINK_AUTHORIZATION: v.literal('token'), LINK_TOKEN_SECRET: v.string() }),
]);
