import * as v from 'valibot';
import { MIN_LINK_AGE_SECONDS } from './limits.ts';

/** The environment variables of the functions that hand out links. */
export const linkEnv = {
  ACCESS_FILE: v.string(),
  ACCESS_TABLE: v.string(),
  BUCKET_NAME: v.string(),
  MAX_LINK_AGE_SECONDS: v.pipe(
    v.string(),
    v.regex(/^\d+$/, 'should be whole seconds'),
    v.transform(Number),
    v.minValue(MIN_LINK_AGE_SECONDS, `should be at least ${MIN_LINK_AGE_SECONDS}`),
  ),
};
