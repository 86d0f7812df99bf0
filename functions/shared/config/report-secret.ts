/** 130 random bits, even if there are only 32 different characters in the secret. */
const REPORT_SECRET_LENGTH = 26;

/**
 * The last segment of the report URL: only the beginning of the webhook secret, because some PBXs cut off a long URL. The
 * stack still generates 48 characters: CloudFormation would answer a change of that number by generating the whole secret
 * again, without the username and the password that somebody has entered.
 */
export const reportSecretOf = (webhookSecret: string) => webhookSecret.slice(0, REPORT_SECRET_LENGTH);
