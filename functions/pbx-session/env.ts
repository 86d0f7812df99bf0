import * as v from 'valibot';

export const envSchema = v.object({
  PBX_REGISTRY_FILE: v.string(),
  /** Fills `{host}` in a PBX's `reportUrl`. */
  REPORT_HOST: v.string(),
});
