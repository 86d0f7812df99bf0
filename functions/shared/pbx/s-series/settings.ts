import * as v from 'valibot';

/** The settings that only a PBX of this family has. */
export const sSeriesSettings = {
  family: v.optional(v.literal('s-series'), 's-series'),
  apiVersion: v.optional(v.picklist(['v1.1.0', 'v2.0.0']), 'v1.1.0'),
  /** The only address that may download with a random string; sent as `allowedip`. */
  allowedIp: v.optional(v.pipe(v.string(), v.ip('should be one IP address'))),
};

/** The names of what is entered in the PBX's secret, and what becomes of it. */
export const sSeriesCredentials = {
  fields: ['username', 'password'],
  schema: v.object({ username: v.optional(v.string(), ''), password: v.optional(v.string(), '') }),
};
