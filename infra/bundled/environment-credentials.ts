import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Replaces `@aws-sdk/credential-provider-node` in the functions' bundles, a third of which would be ways to credentials
 * that Lambda does not have. aws-clients.ts names the environment's credentials itself, so this is not even called.
 */
export const defaultProvider = () => fromEnv();
