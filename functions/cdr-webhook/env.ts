import * as v from 'valibot';

export const envSchema = v.object({
  /** Value of the metrics' dimension `stack`. */
  STACK_NAME: v.string(),
  PBX_REGISTRY_FILE: v.string(),
  /** URL of a queue without the queue's name; ends in a slash. */
  QUEUE_URL_BASE: v.pipe(v.string(), v.url()),
  DEAD_LETTER_QUEUE_URL: v.pipe(v.string(), v.url()),
  /** Receives a request for a new session when a PBX has rebooted. */
  SESSION_QUEUE_URL: v.pipe(v.string(), v.url()),
});
