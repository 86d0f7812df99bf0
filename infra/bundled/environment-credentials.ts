import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Replaces `@aws-sdk/credential-provider-node` in the functions' bundles. Most of that package supports sources of
 * credentials that Lambda does not have. Not even this is called: aws-clients.ts passes the environment's credentials.
 */
export const defaultProvider = () => fromEnv();
