import { type AwsSettings, settingsFromEnvironment } from '../../functions/shared/aws/aws-service.ts';

/** The region and credentials that an SDK client has found: a person's, other than a function's, are seldom in the environment. */
export const settingsOf = (
  { config: { region, credentials } }: { config: Pick<AwsSettings, 'region' | 'credentials'> },
  service: Parameters<typeof settingsFromEnvironment>[0],
): AwsSettings => ({ ...settingsFromEnvironment(service), region, credentials });
