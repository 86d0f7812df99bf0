import { fromEnv } from '@aws-sdk/credential-provider-env';

/** Stands in for `@aws-sdk/credential-provider-node` in the bundles of the functions. */
export const defaultProvider = () => fromEnv();
