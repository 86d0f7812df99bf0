import * as v from 'valibot';

export const envSchema = v.object({
  /** Value of the metrics' dimension `stack`. */
  STACK_NAME: v.string(),
  PBX_REGISTRY_FILE: v.string(),
  BUCKET_NAME: v.string(),
  INDEX_TABLE: v.string(),
  /** Name of the event bus; `none` to publish nothing. */
  EVENT_BUS: v.string(),
  /** Whether events contain phone numbers. */
  EVENT_NUMBERS: v.picklist(['on', 'off']),
  /** Name of the secret from which ids in events are made. */
  EVENT_KEY_SECRET: v.string(),
});
