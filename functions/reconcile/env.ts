import * as v from 'valibot';

export const envSchema = v.object({
  /** Tells this stack's metrics from another's. */
  STACK_NAME: v.string(),
  PBX_REGISTRY_FILE: v.string(),
  /** A queue's URL without its name, ending in a slash. */
  QUEUE_URL_BASE: v.pipe(v.string(), v.url()),
  BUCKET_NAME: v.string(),
  /** Fills `{host}` in a PBX's `reportUrl`. */
  REPORT_HOST: v.string(),
});
