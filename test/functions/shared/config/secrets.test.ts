import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, expect, test, vi } from 'vitest';
import { createSecrets } from '../../../../functions/shared/config/secrets.ts';
import { useSecretsManager } from '../../aws-services.ts';

await useSecretsManager();
const client = new SecretsManagerClient();
const secrets = createSecrets(client);
const [first, second] = ['a'.repeat(64), 'b'.repeat(64)] as const;
afterEach(() => vi.restoreAllMocks());

test('a secret that does not exist, or has no value yet, is read as empty', async () => {
  const empty = { versionId: 'none', value: '' };
  expect(await secrets.read('missing')).toEqual(empty);
  await client.send(new CreateSecretCommand({ Name: 'valueless' }));
  expect(await secrets.read('valueless')).toEqual(empty);
});

test('a written value is read back with the version id that the writer chose', async () => {
  await client.send(new CreateSecretCommand({ Name: 'session/hq', SecretString: '{}' }));
  expect(await secrets.write('session/hq', '{"token":"t"}', first)).toBe(true);
  expect(await secrets.read('session/hq')).toEqual({ versionId: first, value: '{"token":"t"}' });
});

test('of two writers with the same version id, the second gets false and changes nothing', async () => {
  await client.send(new CreateSecretCommand({ Name: 'session/two', SecretString: '{}' }));
  const outcomes = await Promise.all(
    ['one', 'other'].map((value) => secrets.write('session/two', value, second)),
  );
  expect(outcomes.toSorted()).toEqual([false, true]);
  const { value } = await secrets.read('session/two');
  expect(value).toBe(outcomes[0] ? 'one' : 'other');
});

test('a write that is repeated after its response was lost succeeds', async () => {
  await client.send(new CreateSecretCommand({ Name: 'session/again', SecretString: '{}' }));
  expect(await secrets.write('session/again', 'same', first)).toBe(true);
  expect(await secrets.write('session/again', 'same', first)).toBe(true);
});

test('any other failure rejects instead of returning an empty secret', async () => {
  const failing = createSecrets(new SecretsManagerClient({ endpoint: 'http://127.0.0.1:9' }));
  await expect(failing.read('pbx/hq')).rejects.toThrow();
  await expect(failing.write('pbx/hq', 'x', first)).rejects.toThrow();
  await expect(secrets.write('missing', 'x', first)).rejects.toThrow();
});
