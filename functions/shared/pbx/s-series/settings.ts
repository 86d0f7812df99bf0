import * as v from 'valibot';

const apiVersion = v.optional(v.picklist(['v1.1.0', 'v2.0.0']), 'v1.1.0');

/** The only address that may download with a random string; sent as `allowedip`. */
const allowedIp = v.optional(v.pipe(v.string(), v.ip('should be one IP address')));

/** The settings that only a PBX of this family has. */
export const sSeriesSettings = {
  family: v.optional(v.literal('s-series'), 's-series'),
  apiVersion,
  allowedIp,
};

/** The product before P-Series Cloud. Its logins return a refresh token. */
export const cloudPbxSettings = { family: v.literal('cloud-pbx'), apiVersion, allowedIp };

/** OpenVox UC, with a copy of the API under a path of its own. Not verified on a device. */
export const openVoxSettings = { family: v.literal('openvox'), allowedIp };

/** The fields that a person enters in the PBX's secret, what people call them, and how they are read. */
export const sSeriesCredentials = {
  fields: ['username', 'password'],
  labels: ['username', 'password'],
  schema: v.object({ username: v.optional(v.string(), ''), password: v.optional(v.string(), '') }),
};
