import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { createSecrets } from '../../../../functions/shared/config/secrets.ts';
import { checkCredentials } from '../../../../infra/commands/doctor/check-credentials.ts';
import { useSecretsManager } from '../../../functions/aws-services.ts';

await useSecretsManager();
const client = new SecretsManagerClient();
const secrets = createSecrets(client);
const PASSWORD = 'password-of-the-doctor';
const filledIn = { username: 'api', password: PASSWORD, webhookSecret: 'webhook-secret-of-the-doctor' };

async function check(name: string, value: unknown) {
  const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
  await client.send(new CreateSecretCommand({ Name: name, SecretString }));
  return checkCredentials({ credentialsSecret: name, family: 's-series' }, secrets);
}

test('a secret with username and password is ok', async () => {
  expect(await check('filled-in', filledIn)).toEqual({
    status: 'ok',
    text: 'username and password are filled in',
  });
});

test.each([
  ['no-username', { ...filledIn, username: '' }],
  ['no-password', { ...filledIn, password: '' }],
  ['nothing', { webhookSecret: filledIn.webhookSecret }],
])('a secret that is not filled in is to be: %s', async (name, value) => {
  expect(await check(name, value)).toEqual({
    status: 'to-do',
    text: `Enter username and password in the secret ${name}.`,
  });
});

test.each([
  [
    'signed',
    {},
    'to-do',
    'Enter signatureSecret in the secret signed. Without it, all reports are rejected.',
  ],
  ['discovered', { discoverEveryMinutes: 5 }, 'ok', 'clientId and clientSecret are filled in'],
  ['in-the-path', { reportAuthentication: 'path' }, 'ok', 'clientId and clientSecret are filled in'],
] as const)(
  'the secret of the webhook is missed where reports are signed: %s',
  async (name, options, status, text) => {
    const { webhookSecret } = filledIn;
    const SecretString = JSON.stringify({ clientId: 'id', clientSecret: PASSWORD, webhookSecret });
    await client.send(new CreateSecretCommand({ Name: name, SecretString }));
    const settings = {
      family: 'p-series',
      reportAuthentication: 'signature',
      credentialsSecret: name,
    } as const;
    expect(await checkCredentials({ ...settings, ...options }, secrets)).toEqual({ status, text });
  },
);

test('a secret that does not exist is to be deployed', async () => {
  expect(await checkCredentials({ credentialsSecret: 'nowhere', family: 's-series' }, secrets)).toEqual({
    status: 'to-do',
    text: 'There is no secret nowhere. Run npm run deploy.',
  });
});

test.each([
  ['not-json', `username: api, password: ${PASSWORD}`, 'the JSON itself'],
  ['short-webhook-secret', { ...filledIn, webhookSecret: 'short' }, 'webhookSecret'],
])('a malformed secret is refused, without its contents: %s', async (name, value, field) => {
  const error = await check(name, value).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'credentials-malformed', message: expect.stringContaining(field) });
  expect(String((error as Error).message)).not.toContain(PASSWORD);
});
