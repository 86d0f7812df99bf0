import * as v from 'valibot';

export const envSchema = v.object({
  /** Value of the metrics' dimension `stack`. */
  STACK_NAME: v.string(),
  PBX_REGISTRY_FILE: v.string(),
  BUCKET_NAME: v.string(),
  INDEX_TABLE: v.string(),
  /** Replaces `{host}` in a PBX's `reportUrl`. */
  REPORT_HOST: v.string(),
});
