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

/** The message that a configuration is refused with, if it is. */
function complaintAbout(context: unknown): string | undefined {
  try {
    readArchiveConfig(context);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test('the configuration tells what is wrong with it, and never a value', () => {
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: spoilt(config) }, misplaced), (context) => {
      const complaint = complaintAbout(context);
      fc.pre(complaint !== undefined);
      expect(complaint).toMatch(/ is not valid:\n(?:.*: (?:should|is) .*\n?)+$/);
      expect(complaint).not.toContain(PLANTED);
    }),
  );
});
