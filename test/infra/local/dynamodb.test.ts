import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { ensureTable, startDynamoDb } from '../../../infra/local/dynamodb.ts';

const TableName = 'counters';
const Key = { name: { S: 'updates' }, part: { S: 'all' } };
const KEYS = { partition: 'name', sort: 'part', indexes: { byOwner: 'owner' } };

const connect = (endpoint: string) =>
  new DynamoDBClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret-key' },
    maxAttempts: 1,
  });

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
