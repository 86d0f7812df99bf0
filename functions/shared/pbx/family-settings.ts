import * as v from 'valibot';
import { pSeriesCredentials, pSeriesSettings } from './p-series/settings.ts';
import {
  cloudPbxSettings,
  openVoxSettings,
  sSeriesCredentials,
  sSeriesSettings,
} from './s-series/settings.ts';

/** The schema of a PBX whose settings are `entries` and those of its family, which `family` names. */
export const pbxOfAnyFamily = <const E extends v.ObjectEntries>(entries: E) =>
  v.variant(
    'family',
    [
      v.strictObject({ ...entries, ...sSeriesSettings }),
      v.strictObject({ ...entries, ...cloudPbxSettings }),
      v.strictObject({ ...entries, ...openVoxSettings }),
      v.strictObject({ ...entries, ...pSeriesSettings }),
    ],
    ({ expected, path }) =>
      path?.at(-1)?.key === 'family'
        ? 'should be a family of PBXs, as listed in docs/configuration.md'
        : `Invalid type: expected ${expected}`,
  );

/** What an administrator has entered, and the secret that the stack generated. */
export interface Credentials {
  username: string;
  password: string;
  /** Part of the report URL of a PBX that does not sign its reports. */
  webhookSecret: string;
  /** With any of these, a PBX may have signed a report. */
  signatureSecrets?: string[];
}

/** What an administrator enters in the secret of a PBX, by its family, and what the functions make of it. */
export const CREDENTIALS = {
  's-series': sSeriesCredentials,
  'cloud-pbx': sSeriesCredentials,
  openvox: sSeriesCredentials,
  'p-series': pSeriesCredentials,
} as const;

export type Family = keyof typeof CREDENTIALS;

export const FAMILIES = Object.keys(CREDENTIALS) as Family[];

/**
 * Families that are written from documents alone, so that their owners are told at every turn: "not verified on a
 * device". The P-Series has not been verified on one either, but public clients confirm what its documents say;
 * docs/configuration.md tells its owners.
 */
export const UNVERIFIED_FAMILIES: readonly Family[] = ['openvox'];

/**
 * Families with an edition that the vendor hosts, or that is reached by a Yeastar FQDN: at port 443 only, also under
 * names of partners, and with a public certificate.
 */
export const HOSTED_FAMILIES: readonly Family[] = ['cloud-pbx', 'p-series'];
