import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import {
  CREDENTIALS,
  FAMILIES,
  HOSTED_FAMILIES,
  pbxOfAnyFamily,
  UNVERIFIED_FAMILIES,
} from '../pbx/family-settings.ts';
import { DEFAULT_MAX_RECORDING_MIB, DISCOVERY_MINUTES, MAX_RECORDING_MIB } from './limits.ts';
import { parseSettings, wholeNumberFrom } from './parse-settings.ts';

export { CREDENTIALS, FAMILIES, HOSTED_FAMILIES, pbxOfAnyFamily, UNVERIFIED_FAMILIES };

/** Identifies a PBX in paths, keys, metrics and secret names. */
export const pbxIdSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'should be 1 to 40 of a-z, 0-9 and inner hyphens'),
);

const isOrigin = (text: string) => /^https?:\/\/[^/\\?#@\s]+\/?$/i.test(text) && URL.canParse(text);

export const baseUrlSchema = v.pipe(
  v.string(),
  v.check(isOrigin, 'should be scheme, host and port only, such as https://192.168.5.150:8088'),
  v.transform((text) => new URL(text).origin),
);

/** Accepts any case, with or without colons. Returns Node's `fingerprint256` format: upper-case pairs with colons. */
export const fingerprintSchema = v.pipe(
  v.string(),
  v.regex(/^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i, 'should be a SHA-256 fingerprint: 32 pairs of hex digits'),
  v.transform((text) => text.replaceAll(':', '').toUpperCase().match(/../g)?.join(':') ?? ''),
);

/**
 * Without `ca` and `fingerprint256`, a public authority must have issued the certificate. The check cannot be skipped.
 */
export const tlsSchema = v.pipe(
  v.strictObject({
    /** PEM of the issuing authority, or of the self-signed certificate itself. */
    ca: v.optional(
      v.pipe(v.string(), v.includes('-----BEGIN CERTIFICATE-----', 'should be a PEM certificate')),
    ),
    /** SHA-256 of the exact certificate that the PBX presents. Nothing else about it is then checked. */
    fingerprint256: v.optional(fingerprintSchema),
    /** Name in the certificate, if it is not the base URL's host. */
    serverName: v.optional(v.pipe(v.string(), v.nonEmpty('should not be empty'))),
    minVersion: v.optional(v.picklist(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']), 'TLSv1.2'),
  }),
  v.check(
    (tls) => tls.ca === undefined || tls.fingerprint256 === undefined,
    'should have either ca or fingerprint256, not both',
  ),
);

const isTimeZone = (name: string) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
};

const isReportUrl = (text: string) => {
  const address = text.replace('{host}', 'host.example');
  const url = /^https?:\/\//.test(address) ? address : `http://${address}`;
  return /^https?:\/\/[^/\\?#@{}\s]+$/.test(url) && URL.canParse(url);
};

/**
 * The settings of a PBX of any family that the administrator chooses; the same in `cdk.json` and in the registry file.
 * Those of its family are in `pbx/family-settings.ts`.
 */
export const pbxSettings = {
  baseUrl: baseUrlSchema,
  /** Reports with another serial number are not from this PBX. */
  serialNumber: v.optional(v.pipe(v.string(), v.nonEmpty('should not be empty'))),
  timeZone: v.optional(
    v.pipe(v.string(), v.check(isTimeZone, 'should be an IANA time zone, such as Europe/Berlin')),
    'UTC',
  ),
  tls: v.optional(tlsSchema, {}),
  /** How often a PBX that cannot report its calls is asked for new recordings. */
  discoverEveryMinutes: v.optional(v.picklist(DISCOVERY_MINUTES, 'should be 5, 10, 15, 20, 30 or 60')),
  /** A larger recording is refused: a PBX gone wild must not fill the bucket. */
  maxRecordingMiB: v.optional(wholeNumberFrom(1, MAX_RECORDING_MIB), DEFAULT_MAX_RECORDING_MIB),
  /**
   * Where the PBX posts its reports: `https://HOST`, `http://HOST` or, as in the vendor's guide, a bare `HOST`, each
   * with an optional `:PORT`. `{host}` is replaced by the stack's own webhook host.
   */
  reportUrl: v.optional(
    v.pipe(v.string(), v.check(isReportUrl, 'should be [http[s]://]HOST[:PORT], where HOST may be {host}')),
  ),
};

export const pbxSchema = pbxOfAnyFamily({
  ...pbxSettings,
  reportUrl: v.unwrap(pbxSettings.reportUrl),
  // Checked when the registry was written. Checking it again would slow every cold start.
  timeZone: v.optional(v.string(), 'UTC'),
  /** Name of the secret with `username`, `password` and `webhookSecret`. */
  credentialsSecret: v.string(),
  /** Name of the secret in which the functions share the PBX session. */
  sessionSecret: v.string(),
  queueName: v.string(),
});

export type Pbx = v.InferOutput<typeof pbxSchema>;

/** A PBX of this family. */
export type PbxOf<Family extends Pbx['family']> = Extract<Pbx, { family: Family }>;

export const registrySchema = v.record(pbxIdSchema, pbxSchema);

/** Every PBX of this deployment, by id. */
export type PbxRegistry = Readonly<Record<string, Pbx>>;

/** UTC for a PBX that is no longer configured: the archive may still have its recordings. */
export const timeZoneOf = (registry: PbxRegistry, pbx: string): string => registry[pbx]?.timeZone ?? 'UTC';

/** The registry is a file because fifty PBXs do not fit into Lambda's 4 KB of environment variables. */
export function readPbxRegistry(path: string): PbxRegistry {
  return parseSettings(`The PBX registry ${path}`, registrySchema, JSON.parse(readFileSync(path, 'utf8')));
}
