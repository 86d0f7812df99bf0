import * as v from 'valibot';

export const envSchema = v.object({
  /** Tells this stack's metrics from another's. */
  STACK_NAME: v.string(),
  PBX_REGISTRY_FILE: v.string(),
  /** A queue's URL without its name, ending in a slash. */
  QUEUE_URL_BASE: v.pipe(v.string(), v.url()),
  DEAD_LETTER_QUEUE_URL: v.pipe(v.string(), v.url()),
  /** Where a reboot of the PBX asks for a new session. */
  SESSION_QUEUE_URL: v.pipe(v.string(), v.url()),
});
