import * as v from 'valibot';

export const envSchema = v.object({
  /** Value of the metrics' dimension `stack`. */
  STACK_NAME: v.string(),
  PBX_REGISTRY_FILE: v.string(),
  /** URL of a queue without the queue's name; ends in a slash. */
  QUEUE_URL_BASE: v.pipe(v.string(), v.url()),
  BUCKET_NAME: v.string(),
  INDEX_TABLE: v.string(),
  /** URL of the queue with the bucket's events. */
  INDEX_QUEUE_URL: v.pipe(v.string(), v.url()),
  /** Replaces `{host}` in a PBX's `reportUrl`. */
  REPORT_HOST: v.string(),
});
