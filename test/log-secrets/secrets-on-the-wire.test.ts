import { expect, test } from 'vitest';
import { secretsOfBody, secretsOfCookies, secretsOfHead } from './secrets-on-the-wire.ts';

const bodyOf = (fields: unknown) => secretsOfBody(JSON.stringify(fields));

test('a request to the PBX has the token and the random string in its query', () => {
  expect(secretsOfHead('/api/v1.1.0/recording/download?recording=a.wav&random=R%31&token=T', {})).toEqual([
    { kind: 'random string', value: 'R1' },
    { kind: 'session token', value: 'T' },
  ]);
});

test('a presigned URL has its signature in the query, a report has the webhook secret in the path', () => {
  expect(secretsOfHead('/bucket/recordings/a.wav?X-Amz-Expires=900&X-Amz-Signature=S', {})).toEqual([
    { kind: 'signature of a presigned URL', value: 'S' },
  ]);
  expect(secretsOfHead('/reports/hq/W', {})).toEqual([{ kind: 'webhook secret', value: 'W' }]);
});

test('a request for a link has the link token in a header', () => {
  expect(secretsOfHead('/', { authorization: 'Bearer L' })).toEqual([{ kind: 'link token', value: 'L' }]);
});

test('a browser has the session of a person who has signed in in a cookie', () => {
  const cookie = { kind: 'session cookie', value: 'S' };
  for (const name of ['__Host-session', 'pbx-archive-session']) {
    expect(secretsOfHead('/', { cookie: `a=b; ${name}=S` })).toEqual([cookie]);
    expect(secretsOfCookies(`${name}=S; Path=/; HttpOnly`)).toEqual([cookie]);
    expect(secretsOfCookies(`${name}=; Path=/; Max-Age=0`)).toEqual([]);
  }
});

test('a login has the digest of the password, and the webhook secret in the address for reports', () => {
  const webhook = { kind: 'webhook secret', value: 'W' };
  for (const url of ['https://host.example/reports/hq/W', 'host.example:8260/reports/hq/W']) {
    expect(bodyOf({ username: 'api', password: 'D', url })).toEqual([
      { kind: 'password', value: 'D' },
      webhook,
    ]);
  }
});

test('a share has its token in the fragment of its address, and may have a passcode', () => {
  expect(bodyOf({ share: { id: 'I' }, url: 'https://host.example/s#T' })).toEqual([
    { kind: 'share token', value: 'T' },
  ]);
  expect(bodyOf({ token: 'T', passcode: 'P' })).toEqual([
    { kind: 'session token', value: 'T' },
    { kind: 'passcode of a share', value: 'P' },
  ]);
});

test('a link to a recording has the signature in its query', () => {
  expect(bodyOf({ link: { url: 'https://b.s3.example/recordings/a.wav?X-Amz-Signature=S' } })).toEqual([
    { kind: 'signature of a presigned URL', value: 'S' },
  ]);
});

test('a response of the PBX has tokens and random strings', () => {
  expect(bodyOf({ status: 'Success', token: 'T', refreshtoken: 'F', random: 'R' })).toEqual([
    { kind: 'session token', value: 'T' },
    { kind: 'refresh token', value: 'F' },
    { kind: 'random string', value: 'R' },
  ]);
});

test('a P-Series gives out its tokens under other names, and expects them in the query', () => {
  expect(
    bodyOf({ errcode: 0, access_token: 'A', refresh_token: 'F', access_token_expire_time: 1800 }),
  ).toEqual([
    { kind: 'session token', value: 'A' },
    { kind: 'refresh token', value: 'F' },
  ]);
  expect(bodyOf({ refresh_token: 'F' })).toEqual([{ kind: 'refresh token', value: 'F' }]);
  expect(secretsOfHead('/openapi/v1.0/recording/download?file=a.wav&access_token=A', {})).toEqual([
    { kind: 'session token', value: 'A' },
  ]);
});

test('a P-Series has a client secret, and signs its reports', () => {
  const kept = { clientId: 'C', clientSecret: 'S', signatureSecret: 'N', previousSignatureSecret: 'O' };
  expect(bodyOf({ SecretString: JSON.stringify(kept) })).toEqual([
    { kind: 'client secret', value: 'S' },
    { kind: 'secret of signatures', value: 'N' },
    { kind: 'secret of signatures', value: 'O' },
  ]);
  expect(secretsOfHead('/', { 'x-signature': 'X' })).toEqual([{ kind: 'signature of a report', value: 'X' }]);
});

test('a secret of Secrets Manager contains secrets or is one', () => {
  const kept = { username: 'api', password: 'P', webhookSecret: 'W' };
  expect(bodyOf({ Name: 'pbx/hq', SecretString: JSON.stringify(kept) })).toEqual([
    { kind: 'password', value: 'P' },
    { kind: 'webhook secret', value: 'W' },
  ]);
  expect(bodyOf({ SecretString: 'L' })).toEqual([{ kind: 'link token', value: 'L' }]);
});

test('a body that is not JSON has no secrets, and nothing throws', () => {
  for (const body of ['', 'RIFF', '{"token":', 'null', '"token"', '[{"deep":[null,1]}]']) {
    expect(secretsOfBody(body)).toEqual([]);
  }
  expect(secretsOfHead('//[', {})).toEqual([]);
});
