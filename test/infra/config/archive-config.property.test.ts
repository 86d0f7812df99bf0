import { expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { fc } from '../../property.ts';
import { misplaced, PLANTED, spoilt } from '../../spoilt-settings.ts';

const config = {
  stackName: 'PbxRecordingArchive',
  pbxs: {
    hq: {
      baseUrl: 'https://192.0.2.1:8088',
      timeZone: 'Europe/Berlin',
      tls: { fingerprint256: 'AB'.repeat(32) },
      maxConcurrency: 2,
      reportUrl: 'https://{host}',
    },
  },
  network: { vpcId: 'vpc-1', subnetIds: ['subnet-1'], endpoints: 'existing' },
  links: { authorization: { type: 'jwt', issuer: 'https://issuer.example', audience: ['a'] } },
  bucket: { encryption: 'kms', objectLock: { mode: 'governance', days: 365 } },
  webhook: { plainHttp: true },
  alarms: { email: 'operator@example.com' },
  tags: { team: 'telephony' },
};

/** The error message for an invalid configuration. */
function errorMessageFor(context: unknown): string | undefined {
  try {
    readArchiveConfig(context);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test('an invalid configuration is rejected with its problems, never with a value', () => {
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: spoilt(config) }, misplaced), (context) => {
      const errorMessage = errorMessageFor(context);
      fc.pre(errorMessage !== undefined);
      expect(errorMessage).toMatch(/ is not valid:\n(?:.*: (?:should|is) .*\n?)+$/);
      expect(errorMessage).not.toContain(PLANTED);
    }),
  );
});
