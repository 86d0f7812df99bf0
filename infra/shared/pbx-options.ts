/** The option of `npm start` that each setting of a PBX comes from. */
export const OPTION_NAMES = {
  'tls.fingerprint256': '--fingerprint',
  'tls.ca': '--ca',
  'tls.minVersion': '--min-tls',
  apiVersion: '--api-version',
  serialNumber: '--serial',
  timeZone: '--time-zone',
  reportAuthentication: '--report-authentication',
  discoverEveryMinutes: '--discover',
  reportUrl: '--report-url',
} as const;
