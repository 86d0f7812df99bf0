import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { beforeEach, expect, test } from 'vitest';
import { createLink, type LinkDeps } from '../../../../functions/recording-link/create-link.ts';
import { createIdentify } from '../../../../functions/shared/access/identify.ts';
import { createLinkToken } from '../../../../functions/shared/access/link-token.ts';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import { createSecrets } from '../../../../functions/shared/config/secrets.ts';
import { createArchiveReader } from '../../../../functions/shared/recordings/archive-reader.ts';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import { checkLink } from '../../../../infra/commands/doctor/check-link.ts';
import { useS3, useSecretsManager } from '../../../functions/aws-services.ts';
import { captureLog } from '../../../functions/capture-log.ts';
import { serve } from './aws-stand-ins.ts';

await useS3();
await useSecretsManager();
captureLog();

const BUCKET = 'archive';
const TOKEN = 'token-of-the-doctor-0123456789';
const RECORDING = '20170901181806-1504261084.7-+49 30 901820-1003 %41 #?😀.wav';
const Key = recordingKey('head-office', RECORDING);
const s3 = createS3Client();
const secretsManager = new SecretsManagerClient();
const secrets = createSecrets(secretsManager);
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
await secretsManager.send(new CreateSecretCommand({ Name: 'link-token', SecretString: TOKEN }));

const setToken = (SecretString: string) =>
  secretsManager.send(new PutSecretValueCommand({ SecretId: 'link-token', SecretString }));

beforeEach(async () => {
  await setToken(TOKEN);
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Buffer.alloc(5000, 'a') }));
});

/** The link API with its real function behind it. */
async function startLinkApi(overrides: Partial<LinkDeps> = {}): Promise<string> {
  const linkToken = createLinkToken(secrets, 'link-token', Date.now);
  const deps: LinkDeps = {
    identify: createIdentify({ type: 'token', linkToken }, {}, Date.now),
    archive: createArchiveReader(s3, BUCKET),
    accessLog: { add: async () => {} },
    maxSeconds: 3600,
    now: Date.now,
    ...overrides,
  };
  const url = await serve(async (incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://api.test');
    const [, , pbxId] = pathname.split('/');
    const { status, body } = await createLink(
      {
        path: { pbxId },
        query: Object.fromEntries(searchParams),
        caller: { authorization: incoming.headers.authorization, authorizer: undefined },
        address: '127.0.0.1',
        isHead: incoming.method === 'HEAD',
      },
      deps,
    );
    response.writeHead(status).end(JSON.stringify(body));
  });
  return `${url}/recordings/`;
}

const check = (url: string | undefined, tokenSecret: string | undefined = 'link-token') =>
  checkLink({ url, tokenSecret }, 'head-office', RECORDING, secrets);

/** With a URL that S3 does not accept any more. */
const expired = (): Partial<LinkDeps> => ({ now: () => Date.now() - 3600_000 });

test('a link that downloads is ok, and neither it nor the name is shown', async () => {
  const result = await check(await startLinkApi());
  expect(result).toEqual({ status: 'ok', text: 'the newest recording downloads (5 kB)' });
});

test('a token that the API does not have is to be looked at', async () => {
  const url = await startLinkApi({ identify: async () => undefined });
  expect(await check(url)).toEqual({
    status: 'to-do',
    text: 'The link API refuses the token in link-token. A new one works after five minutes at the latest.',
  });
});

test.each([
  '',
  'short',
  'with spaces within the token',
  'with-a-line-break\n0123456789',
  'täglich-0123456789',
])('a secret without a usable token is to be filled in: %j', async (token) => {
  await setToken(token);
  expect(await check(await startLinkApi())).toEqual({
    status: 'to-do',
    text: 'Enter a token of 16 or more characters, without spaces, in the secret link-token.',
  });
});

test('a recording that the API does not find is to be looked at', async () => {
  const url = await startLinkApi({
    archive: { ...createArchiveReader(s3, BUCKET), find: async () => undefined },
  });
  expect((await check(url)).text).toMatch(/^The link API does not find the newest recording\./);
});

test('an API that fails is to be looked at', async () => {
  const find = async () => Promise.reject(new Error('S3 is down'));
  const url = await startLinkApi({ archive: { ...createArchiveReader(s3, BUCKET), find } });
  expect(await check(url)).toEqual({
    status: 'to-do',
    text: 'The link API responds with HTTP status 503. See docs/runbook.md#links-fail.',
  });
});

test('an API that cannot be reached is to be looked at', async () => {
  expect(await check('http://127.0.0.1:9/recordings/')).toEqual({
    status: 'to-do',
    text: expect.stringMatching(/^The link API cannot be reached \(\w+\)\.$/),
  });
});

test('another web server at its address is noticed', async () => {
  const url = await serve((_, response) => void response.end('<html>Welcome</html>'));
  expect((await check(`${url}/`)).text).toMatch(/^What responds at .* is not the link API\./);
});

test('a link that S3 refuses is to be looked at, and is not shown', async () => {
  const result = await check(await startLinkApi(expired()));
  expect(result).toEqual({
    status: 'to-do',
    text: 'S3 refuses the link (HTTP status 403). See docs/runbook.md#links-fail.',
  });
});

test('a link to an object that has gone is to be looked at', async () => {
  const reader = createArchiveReader(s3, BUCKET);
  const url = await startLinkApi({
    archive: {
      find: (key) => reader.find(key),
      async presign(...request) {
        await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
        return reader.presign(...request);
      },
    },
  });
  expect((await check(url)).text).toMatch(/^S3 refuses the link \(HTTP status 404\)\./);
});

test('a link to another object than the API describes is noticed', async () => {
  const reader = createArchiveReader(s3, BUCKET);
  const url = await startLinkApi({
    archive: { ...reader, find: async (key) => ({ ...(await reader.find(key)), bytes: 1 }) as never },
  });
  expect((await check(url)).text).toBe(
    'The link leads to 5000 bytes, not to the 1 of the recording. Inspect the object.',
  );
});

test('a link whose host cannot be reached is not shown', async () => {
  const secret = 'http://127.0.0.1:9/recording?X-Amz-Signature=0123456789abcdef';
  const url = await startLinkApi({
    archive: {
      ...createArchiveReader(s3, BUCKET),
      presign: async () => ({ url: secret, expiresAt: new Date().toISOString() }),
    },
  });
  const { status, text } = await check(url);
  expect(status).toBe('to-do');
  expect(text).toMatch(/^The link leads to S3, which cannot be reached \(\w+\)\.$/);
});

test('what cannot be checked is said so', async () => {
  const api = { url: 'http://127.0.0.1:9/', tokenSecret: 'link-token' };
  expect(await checkLink(api, 'head-office', undefined, secrets)).toMatchObject({ status: 'not-checked' });
  expect(
    await checkLink({ ...api, tokenSecret: undefined }, 'head-office', RECORDING, secrets),
  ).toMatchObject({
    status: 'not-checked',
    text: expect.stringContaining('links.authorization'),
  });
  expect(await check(undefined)).toMatchObject({
    status: 'to-do',
    text: expect.stringContaining('LinkApiUrl'),
  });
});
