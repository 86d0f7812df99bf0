import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startSecretsManager } from '../../../../infra/local/secrets-manager/server.ts';
import { sendSigned } from '../signed-request.ts';

const Name = 'pbx/head-office';
const ACCESS = {
  credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret-key' },
  region: 'eu-central-1',
};
const token = (name: string) => name.padEnd(32, '-');

/** Starts a Secrets Manager with its own directory, closed when the test ends. */
async function start() {
  const directory = await mkdtemp(join(tmpdir(), 'secrets-manager-'));
  // Not another day: the client signs with its own clock.
  const clock = { nowMs: Math.floor(Date.now() / 1000) * 1000 };
  const launch = () => startSecretsManager({ ...ACCESS, directory, versionNow: () => clock.nowMs });
  const connect = (url: string) =>
    new SecretsManagerClient({
      ...ACCESS,
      endpoint: url,
      maxAttempts: 1,
    });
  let server = await launch();
  let client = connect(server.url);
  onTestFinished(async () => {
    client.destroy();
    await server.close();
    await rm(directory, { recursive: true });
  });
  const get = (options: object = {}) =>
    client.send(new GetSecretValueCommand({ SecretId: Name, ...options }));
  const put = (ClientRequestToken: string, SecretString: string, options: object = {}) =>
    client.send(new PutSecretValueCommand({ SecretId: Name, ClientRequestToken, SecretString, ...options }));
  return {
    directory,
    clock,
    get,
    put,
    get url() {
      return server.url;
    },
    get client() {
      return client;
    },
    async restart() {
      client.destroy();
      await server.close();
      server = await launch();
      client = connect(server.url);
    },
  };
}

/** Starts one that has a secret with the value `one`. */
async function startWithSecret() {
  const manager = await start();
  const created = await manager.client.send(
    new CreateSecretCommand({ Name, SecretString: 'one', ClientRequestToken: token('1') }),
  );
  return { ...manager, manager, created };
}

const failsWith = (name: string) => ({ name, $metadata: { httpStatusCode: 400 } });

describe('a secret', () => {
  test('is returned with its name, ARN, version and time', async () => {
    const { get, created, clock } = await startWithSecret();
    expect(created.ARN).toMatch(
      /^arn:aws:secretsmanager:us-east-1:000000000000:secret:pbx\/head-office-.{6}$/,
    );
    const expected = {
      Name,
      ARN: created.ARN,
      VersionId: token('1'),
      VersionStages: ['AWSCURRENT'],
      SecretString: 'one',
      CreatedDate: new Date(clock.nowMs),
    };
    expect(await get()).toMatchObject(expected);
    expect(await get({ SecretId: created.ARN })).toMatchObject(expected);
  });

  test('is not found when the secret, the version or the stage does not exist', async () => {
    const { get, put, created } = await startWithSecret();
    const notFound = failsWith('ResourceNotFoundException');
    await expect(get({ SecretId: 'other' })).rejects.toMatchObject(notFound);
    await expect(get({ SecretId: `${created.ARN?.slice(0, -6)}000000` })).rejects.toMatchObject(notFound);
    await expect(get({ VersionId: token('2') })).rejects.toMatchObject(notFound);
    await expect(get({ VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject(notFound);
    await expect(get({ VersionId: token('1'), VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject(notFound);
    await expect(put(token('2'), 'two', { SecretId: 'other' })).rejects.toMatchObject(notFound);
  });

  test('survives a restart, in a file that only its owner can read', async () => {
    const { manager, directory } = await startWithSecret();
    await writeFile(join(directory, 'cut-off.new'), '{"name":');
    await manager.restart();
    expect(await manager.client.send(new GetSecretValueCommand({ SecretId: Name }))).toMatchObject({
      SecretString: 'one',
      VersionId: token('1'),
    });
    const [file, ...others] = await readdir(directory);
    expect(others).toEqual([]);
    expect((await stat(join(directory, String(file)))).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(join(directory, String(file)), 'utf8')).name).toBe(Name);
  });

  test('may have any name that AWS allows, and no other', async () => {
    const { client, directory } = await start();
    const names = [
      '../../outside',
      '..',
      'UPPER',
      'upper',
      'a/b_c+d=e.f@g-h',
      'n'.repeat(512),
      `${'n'.repeat(511)}m`,
    ];
    for (const name of names) await client.send(new CreateSecretCommand({ Name: name, SecretString: name }));
    for (const SecretId of names) {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
      expect(SecretString).toBe(SecretId);
    }
    expect(await readdir(directory)).toHaveLength(names.length);
    for (const name of ['with space', 'ü', 'n'.repeat(513)]) {
      const create = client.send(new CreateSecretCommand({ Name: name, SecretString: 'x' }));
      await expect(create).rejects.toMatchObject(failsWith('InvalidParameterException'));
    }
  });

  test('is created once, unless the same request is repeated', async () => {
    const { client, created } = await startWithSecret();
    const create = (secret: string, name: string) =>
      client.send(new CreateSecretCommand({ Name, SecretString: secret, ClientRequestToken: token(name) }));
    expect(await create('one', '1')).toMatchObject({ ARN: created.ARN, VersionId: token('1') });
    const exists = failsWith('ResourceExistsException');
    await expect(create('two', '1')).rejects.toMatchObject(exists);
    await expect(create('one', '2')).rejects.toMatchObject(exists);
  });

  test('can be created without a value and get one later', async () => {
    const { client, get, put } = await start();
    await client.send(new CreateSecretCommand({ Name }));
    await expect(get()).rejects.toMatchObject(failsWith('ResourceNotFoundException'));
    await put(token('1'), 'one', { VersionStages: ['MINE'] });
    expect(await get()).toMatchObject({ SecretString: 'one', VersionStages: ['AWSCURRENT', 'MINE'] });
  });

  test('is described with its versions and their stages', async () => {
    const { client, put } = await startWithSecret();
    await put(token('2'), 'two');
    expect(await client.send(new DescribeSecretCommand({ SecretId: Name }))).toMatchObject({
      Name,
      VersionIdsToStages: { [token('1')]: ['AWSPREVIOUS'], [token('2')]: ['AWSCURRENT'] },
    });
  });
});

describe('a new value', () => {
  test('becomes AWSCURRENT, and the previous one AWSPREVIOUS', async () => {
    const { get, put } = await startWithSecret();
    expect(await put(token('2'), 'two')).toMatchObject({
      VersionId: token('2'),
      VersionStages: ['AWSCURRENT'],
    });
    await put(token('3'), 'three');
    expect(await get()).toMatchObject({ SecretString: 'three' });
    expect(await get({ VersionStage: 'AWSCURRENT' })).toMatchObject({ SecretString: 'three' });
    expect(await get({ VersionStage: 'AWSPREVIOUS' })).toMatchObject({ SecretString: 'two' });
    const first = await get({ VersionId: token('1') });
    expect([first.SecretString, first.VersionStages]).toEqual(['one', []]);
  });

  test('with the token and the content of an earlier one changes nothing', async () => {
    const { get, put } = await startWithSecret();
    await put(token('2'), 'two');
    expect(await put(token('2'), 'two')).toMatchObject({
      VersionId: token('2'),
      VersionStages: ['AWSCURRENT'],
    });
    expect(await put(token('1'), 'one')).toMatchObject({
      VersionId: token('1'),
      VersionStages: ['AWSPREVIOUS'],
    });
    expect(await get()).toMatchObject({ SecretString: 'two' });
  });

  test('with the token of an earlier one and other content is rejected', async () => {
    const { get, put } = await startWithSecret();
    await expect(put(token('1'), 'two')).rejects.toMatchObject(failsWith('ResourceExistsException'));
    expect(await get()).toMatchObject({ SecretString: 'one' });
  });

  test('is accepted from exactly one of many writers with the same token', async () => {
    const { get, put } = await startWithSecret();
    const values = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
    const outcomes = await Promise.allSettled(values.map((value) => put(token('2'), value)));
    const winners = values.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(await get()).toMatchObject({ SecretString: winners[0], VersionId: token('2') });
    expect(await get({ VersionStage: 'AWSPREVIOUS' })).toMatchObject({ SecretString: 'one' });
  });

  test('does not replace another one that is written at the same time', async () => {
    const { get, put } = await startWithSecret();
    const names = Array.from({ length: 20 }, (_, index) => `version-${index}`);
    await Promise.all(names.map((name) => put(token(name), name)));
    for (const name of names)
      expect(await get({ VersionId: token(name) })).toMatchObject({ SecretString: name });
  });

  test('requires a token of 32 to 64 characters', async () => {
    const { put } = await startWithSecret();
    for (const length of [1, 31, 65]) {
      await expect(put('t'.repeat(length), 'two')).rejects.toMatchObject(
        failsWith('InvalidParameterException'),
      );
    }
    for (const length of [32, 64]) await put('t'.repeat(length), 'two');
  });

  test('can leave AWSCURRENT unchanged', async () => {
    const { get, put } = await startWithSecret();
    await put(token('2'), 'two', { VersionStages: ['AWSPENDING'] });
    await put(token('3'), 'three', { VersionStages: ['AWSPENDING'] });
    expect(await get()).toMatchObject({ SecretString: 'one' });
    expect(await get({ VersionStage: 'AWSPENDING' })).toMatchObject({ SecretString: 'three' });
  });

  test('is refused if there are a hundred versions and none is a day old', async () => {
    const { get, put, clock } = await startWithSecret();
    for (let index = 2; index <= 100; index++) await put(token(String(index)), String(index));
    clock.nowMs += 24 * 60 * 60 * 1000 - 1;
    await expect(put(token('101'), '101')).rejects.toMatchObject(failsWith('LimitExceededException'));
    expect(await get()).toMatchObject({ SecretString: '100' });
  });

  test('deletes the oldest of more than a hundred versions', async () => {
    const { get, put, directory, clock } = await startWithSecret();
    for (let index = 2; index <= 100; index++) await put(token(String(index)), String(index));
    clock.nowMs += 24 * 60 * 60 * 1000;
    for (let index = 101; index <= 102; index++) await put(token(String(index)), String(index));
    const [file] = await readdir(directory);
    expect(JSON.parse(await readFile(join(directory, String(file)), 'utf8')).versions).toHaveLength(100);
    await expect(get({ VersionId: token('2') })).rejects.toMatchObject(
      failsWith('ResourceNotFoundException'),
    );
    expect(await get({ VersionId: token('3') })).toMatchObject({ SecretString: '3' });
    expect(await get()).toMatchObject({ SecretString: '102' });
  });
});

describe('damage', () => {
  test('of a file is reported at the start, with the file and what to do', async () => {
    const { manager, directory } = await startWithSecret();
    const [file = ''] = await readdir(directory);
    for (const content of ['', '{"name":"pbx', '{"name":"pbx/head-office"}']) {
      await writeFile(join(directory, file), content);
      await expect(manager.restart()).rejects.toThrow(
        new RegExp(`^${join(directory, file)} is damaged: .*Restore it from a backup, or delete it`),
      );
    }
  });

  test('that happens later is explained in the error, and shown once in one line', async () => {
    const shown = vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => shown.mockRestore());
    const { get, directory } = await startWithSecret();
    const [file = ''] = await readdir(directory);
    await writeFile(join(directory, file), '{"name":"pbx');
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(get()).rejects.toMatchObject({
        name: 'StateDamaged',
        message: expect.stringContaining(join(directory, file)),
      });
    }
    expect(shown.mock.calls).toEqual([[expect.stringMatching(/^\/.* is damaged: .*$/)]]);
  });
});

describe('an invalid request', () => {
  test('is rejected as an unknown operation, in the format of the JSON protocol', async () => {
    const { client, url } = await start();
    await expect(client.send(new ListSecretsCommand({}))).rejects.toMatchObject(
      failsWith('UnknownOperationException'),
    );
    for (const target of ['secretsmanager.toString', 'toString', '']) {
      const response = await sendSigned(url, { ...ACCESS, service: 'secretsmanager', target, body: '{}' });
      expect(response).toMatchObject({ status: 400, json: { __type: 'UnknownOperationException' } });
    }
  });

  test('is rejected without quoting the secret', async () => {
    const { url } = await start();
    for (const body of [
      '{"SecretString":"hunter2"',
      '{"SecretId":1,"SecretString":"hunter2"}',
      '["hunter2"]',
    ]) {
      const target = 'secretsmanager.PutSecretValue';
      const response = await sendSigned(url, { ...ACCESS, service: 'secretsmanager', target, body });
      expect(response).toMatchObject({ status: 400, json: { __type: 'InvalidParameterException' } });
      expect(JSON.stringify(response)).not.toContain('hunter2');
    }
  });
});
