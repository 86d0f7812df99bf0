import { cp, mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ensureTable, startDynamoDb } from '../../../infra/local/dynamodb.ts';
import { createProblems } from '../../../infra/local/problems.ts';
import { makeDirectory } from './start-process.ts';

const TableName = 'counters';
const Key = { name: { S: 'updates' }, part: { S: 'all' } };
const KEYS = { partition: 'name', sort: 'part', indexes: { byOwner: 'owner' } };

const ACCESS = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret-key' },
};

const connect = (endpoint: string, maxAttempts = 1) =>
  new DynamoDBClient({ ...ACCESS, endpoint, maxAttempts });

// Updates of one item wait for one another, so most of them are under way when the first is answered.
test('a database that is closed first answers what it has begun', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dynamodb-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const database = await startDynamoDb(directory);
  const client = connect(database.url);
  await ensureTable(client, TableName, KEYS);

  const addOne = () =>
    client.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: 'ADD #count :one',
        ExpressionAttributeNames: { '#count': 'count' },
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );
  const updates = Array.from({ length: 40 }, addOne);
  await Promise.race(updates);
  await database.close();
  const outcomes = await Promise.allSettled(updates);
  client.destroy();

  const reopened = await startDynamoDb(directory);
  const reader = connect(reopened.url);
  onTestFinished(async () => {
    reader.destroy();
    await reopened.close();
  });
  const { Item } = await reader.send(new GetItemCommand({ TableName, Key }));
  const answered = outcomes.filter(({ status }) => status === 'fulfilled').length;
  expect(Number(Item?.count?.N)).toBe(answered);
});

/** The database in `directory` with a table, and the sentences that it shows. */
async function start(directory: string) {
  const sentences: string[] = [];
  const problems = createProblems(directory, (sentence) => sentences.push(sentence));
  const database = await startDynamoDb(directory, { ...ACCESS, problems });
  // With the SDK's usual retries.
  const client = connect(database.url, 3);
  onTestFinished(async () => {
    client.destroy();
    await database.close();
  });
  await ensureTable(client, TableName, KEYS);
  const item = (name: string) => ({ name: { S: name }, part: { S: 'all' } });
  return {
    sentences,
    put: (name: string) =>
      client.send(new PutItemCommand({ TableName, Item: { ...item(name), owner: { S: 'anna' } } })),
    get: async (name: string) => (await client.send(new GetItemCommand({ TableName, Key: item(name) }))).Item,
    async names() {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName,
          IndexName: 'byOwner',
          KeyConditionExpression: '#owner = :owner',
          ExpressionAttributeNames: { '#owner': 'owner' },
          ExpressionAttributeValues: { ':owner': { S: 'anna' } },
        }),
      );
      return Items.map(({ name }) => name?.S);
    },
  };
}

/** What dynalite stores in. */
const { Level } = createRequire(createRequire(import.meta.url).resolve('dynalite'))('level') as {
  Level: { prototype: Record<'_put' | '_get' | '_open', (...values: unknown[]) => Promise<unknown>> };
};

describe.each([
  ['DiskFull', 'No space left on device', /^The disk that holds .* is full\. Free some space on it/],
  ['DiskFull', 'Disk quota exceeded', /^The disk that holds .* is full\. Free some space on it/],
  ['DiskNotWritable', 'Read-only file system', /cannot be read or written \(.*Read-only.*Make it accessible/],
  ['DiskFailed', 'Input/output error', /^The disk that holds .* reports an error \(.*Check it/],
])('%s (%s)', (name, reason, sentence) => {
  const failure = () =>
    Object.assign(new Error(`IO error: /state/dynamodb/000005.log: ${reason}`), { code: 'LEVEL_IO_ERROR' });

  /** Until the returned function is called, nothing can be written. LevelDB itself fails only once. */
  async function breakDisk() {
    const file = await open('/dev/null');
    const prototype = Object.getPrototypeOf(file) as typeof file;
    await file.close();
    const disk = vi.spyOn(prototype, 'writeFile').mockImplementation(() => Promise.reject(failure()));
    const put = vi.spyOn(Level.prototype, '_put').mockImplementationOnce(() => Promise.reject(failure()));
    const mend = () => {
      disk.mockRestore();
      put.mockRestore();
    };
    onTestFinished(mend);
    return mend;
  }

  test('writes fail with one sentence, reads go on, and writes work again afterwards', async () => {
    const directory = await makeDirectory();
    const database = await start(directory);
    await database.put('before');

    const mend = await breakDisk();
    const refused = { name, message: expect.stringMatching(sentence), $metadata: { httpStatusCode: 507 } };
    for (let writes = 0; writes < 3; writes++)
      await expect(database.put('refused')).rejects.toMatchObject({
        ...refused,
        $metadata: { ...refused.$metadata, attempts: 1 },
      });
    expect(await database.get('before')).toMatchObject({ owner: { S: 'anna' } });
    expect(await database.get('refused')).toBeUndefined();
    expect(await database.names()).toEqual(['before']);
    expect(database.sentences).toEqual([expect.stringMatching(sentence)]);

    mend();
    await Promise.all([database.put('afterwards'), database.get('before'), database.put('too')]);
    expect((await database.names()).sort()).toEqual(['afterwards', 'before', 'too']);
    const copy = await makeDirectory();
    await cp(directory, copy, { recursive: true });
    const afterKill = await start(copy);
    expect((await afterKill.names()).sort()).toEqual(['afterwards', 'before', 'too']);
  });
});

test('a database that cannot be opened again at once is opened with a later request', async () => {
  const database = await start(await makeDirectory());
  await database.put('before');
  const failure = Object.assign(new Error('IO error: 000005.log: No space left on device'), {
    code: 'LEVEL_IO_ERROR',
  });
  const broken = (['_put', '_open'] as const).map((method) =>
    vi.spyOn(Level.prototype, method).mockRejectedValue(failure),
  );
  onTestFinished(() => void vi.restoreAllMocks());
  for (let writes = 0; writes < 3; writes++)
    await expect(database.put('refused')).rejects.toMatchObject({ name: 'DiskFull' });
  await expect(database.get('before')).rejects.toMatchObject({ name: 'DiskFull' });
  await expect(database.names()).rejects.toMatchObject({ name: 'DiskFull' });
  for (const method of broken) method.mockRestore();
  expect(await database.names()).toEqual(['before']);
});

test('a table is used when it has been created, and created anew if that was cut off', async () => {
  const directory = await makeDirectory();
  const [created, copied] = [Promise.withResolvers<void>(), await makeDirectory()];
  const put = Level.prototype._put;
  // Dynalite stores a new table twice: as one that is being created, and as one that can be used.
  const disk = vi.spyOn(Level.prototype, '_put');
  disk.mockImplementationOnce(put).mockImplementationOnce(async function (this: unknown, ...values) {
    await created.promise;
    return put.apply(this, values);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const get = vi.spyOn(Level.prototype, '_get');
  const starting = start(directory);
  // The creation reads the table once, and what waits for it reads it again and again.
  await vi.waitFor(() => expect(get.mock.calls.length).toBeGreaterThanOrEqual(3), 30_000);
  await cp(directory, copied, { recursive: true });
  created.resolve();
  await (await starting).put('before');

  const afterKill = await start(copied);
  await afterKill.put('afterwards');
  expect(await afterKill.names()).toEqual(['afterwards']);
});

test('a table that turns out to be damaged fails with a sentence', async () => {
  const database = await start(await makeDirectory());
  const failure = Object.assign(new Error('Corruption: bad block contents'), { code: 'LEVEL_CORRUPTION' });
  vi.spyOn(Level.prototype, '_get').mockRejectedValue(failure);
  onTestFinished(() => void vi.restoreAllMocks());
  await expect(database.get('any')).rejects.toMatchObject({
    name: 'StateDamaged',
    message: expect.stringMatching(/is damaged \(.*bad block contents.*Restore it from a backup/),
  });
  expect(database.sentences).toEqual([expect.stringContaining('is damaged')]);
});

describe('a damaged database is reported with its folder, what is lost and what to do', () => {
  const matching = async (directory: string, pattern: RegExp) =>
    (await readdir(directory)).filter((name) => pattern.test(name)).map((name) => join(directory, name));
  const change = (pattern: RegExp, damage: (path: string) => Promise<void>) => async (directory: string) => {
    const paths = await matching(directory, pattern);
    expect(paths).not.toEqual([]);
    for (const path of paths) await damage(path);
  };
  const damages = {
    'an emptied CURRENT': change(/^CURRENT$/, (path) => truncate(path)),
    'garbage in CURRENT': change(/^CURRENT$/, (path) => writeFile(path, 'garbage\n')),
    'a missing CURRENT': change(/^CURRENT$/, (path) => rm(path)),
    'an emptied MANIFEST': change(/^MANIFEST-/, (path) => truncate(path)),
    'a MANIFEST that is cut off': change(/^MANIFEST-/, (path) => truncate(path, 20)),
    'a missing MANIFEST': change(/^MANIFEST-/, (path) => rm(path)),
    'missing tables': change(/\.ldb$/, (path) => rm(path)),
  };

  test.each(Object.entries(damages))('%s', async (_, damage) => {
    const directory = await makeDirectory();
    // The second start writes a table of what the first one has written.
    for (let starts = 0; starts < 2; starts++) {
      const database = await startDynamoDb(directory);
      const client = connect(database.url);
      await ensureTable(client, TableName, KEYS);
      client.destroy();
      await database.close();
    }
    await damage(directory);
    const before = await readdir(directory);
    await expect(startDynamoDb(directory)).rejects.toMatchObject({
      code: 'StateDamaged',
      message: expect.stringMatching(
        new RegExp(
          `^${directory}, the database of the index, the shares and the access log, is damaged \\(.*` +
            'Restore it from a backup, or move it away and start again: .*the shares and the access log are lost',
        ),
      ),
    });
    // What remains may be restored.
    expect(await readdir(directory)).toEqual(expect.arrayContaining(before));
  });
});

test('a database whose first start was killed is made at the next', async () => {
  const directory = await makeDirectory();
  await writeFile(join(directory, 'MANIFEST-000001'), 'cut of');
  const database = await start(directory);
  await database.put('first');
  expect(await database.names()).toEqual(['first']);
});
