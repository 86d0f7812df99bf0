import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type * as v from 'valibot';
import type { registrySchema } from '../../functions/shared/config/pbx-registry.ts';
import { ensureSecret, storeCredentials } from './resources.ts';

type RegistryEntry = v.InferInput<typeof registrySchema>[string];

/** Distributes over the families: `Omit` alone would keep only the fields that all of them have. */
type WithoutNames<Entry> = Entry extends RegistryEntry
  ? Omit<Entry, 'credentialsSecret' | 'sessionSecret' | 'queueName'>
  : never;

export type LocalPbx = WithoutNames<RegistryEntry> & {
  /** As a person enters them in the secret. */
  credentials: Readonly<Record<string, string>>;
};

/** Stores the PBXs' credentials, as a person would in Secrets Manager, and returns the registry. */
export async function registerPbxs(
  pbxs: Readonly<Record<string, LocalPbx>>,
  client: SecretsManagerClient,
): Promise<Record<string, RegistryEntry>> {
  const registry: Record<string, RegistryEntry> = {};
  for (const [id, { credentials, ...settings }] of Object.entries(pbxs)) {
    const names = {
      credentialsSecret: `pbx/${id}`,
      sessionSecret: `session/${id}`,
      queueName: `recordings-${id}`,
    };
    registry[id] = { ...settings, ...names };
    await storeCredentials(client, names.credentialsSecret, credentials);
    await ensureSecret(client, names.sessionSecret, '{}');
  }
  return registry;
}
