import * as v from 'valibot';

export const envSchema = v.object({
  /** Tells this stack's metrics from another's. */
  STACK_NAME: v.string(),
  PBX_REGISTRY_FILE: v.string(),
  /** Fills `{host}` in a PBX's `reportUrl`. */
  REPORT_HOST: v.string(),
});
