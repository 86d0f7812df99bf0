import { once } from 'node:events';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  CreateTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import databases, { type LevelDatabase } from 'dynalite/db/index.js';
import type { TableKeys } from '../../functions/shared/config/tables.ts';
import { requireSignatures } from './json-service.ts';
import { damaged, explainDamage, guardLevel, type LevelGuard } from './level-guard.ts';
import { createProblems, type Problems } from './problems.ts';
import type { Access } from './s3/signature.ts';

export interface DynamoDb {
  url: string;
  close(): Promise<void>;
}

export interface DynamoDbOptions extends Access {
  readonly problems?: Problems;
}

/**
 * Starts dynalite on loopback. `directory` holds the tables across restarts and kills; without it they are in memory.
 * With `options`, only signed requests are answered.
 */
export async function startDynamoDb(directory?: string, options?: DynamoDbOptions): Promise<DynamoDb> {
  if (directory !== undefined) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await requireCurrent(directory);
    await makePrivate(directory);
  }
  // From now on, LevelDB opens the database by itself.
  const { server, db } = createServer(directory);
  if (directory !== undefined) {
    const { problems = createProblems(directory) } = options ?? {};
    await openDatabase(db, directory);
    repairAfterFailures(server, guardLevel(db, directory, problems));
  }
  if (options !== undefined) requireSignatures(server, 'dynamodb', options);
  const isAtWork = watchRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      // It would go on with these requests after its database is closed, and throw where nobody catches it.
      while (isAtWork()) await setImmediate();
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      });
    },
  };
}

/** Dynalite keeps its database to itself. */
function createServer(path: string | undefined): { server: Server; db: LevelDatabase } {
  const { create } = databases;
  const created: LevelDatabase[] = [];
  databases.create = (options) => {
    const store = create(options);
    created.push(store.db);
    return store;
  };
  try {
    const server = dynalite({
      ...(path !== undefined && { path }),
      createTableMs: 0,
      updateTableMs: 0,
      deleteTableMs: 0,
    });
    const [db] = created;
    if (db === undefined) throw new Error('Dynalite has another way to create its database.');
    return { server, db };
  } finally {
    databases.create = create;
  }
}

/** Without CURRENT, LevelDB would begin a new database, and delete the tables of this one. It makes CURRENT before them. */
async function requireCurrent(directory: string): Promise<void> {
  const names = await readdir(directory);
  if (!names.includes('CURRENT') && names.some((name) => /\.(?:ldb|log)$/.test(name)))
    throw damaged(directory, 'CURRENT is missing');
}

/** LevelDB keeps the modes of the files that exist. */
async function makePrivate(directory: string): Promise<void> {
  for (const name of await readdir(directory)) await chmod(join(directory, name), 0o600);
}

async function openDatabase(db: LevelDatabase, directory: string): Promise<void> {
  try {
    await db.open();
    await removeUnfinishedTables(db);
  } catch (error) {
    throw explainDamage(error, directory);
  }
}

/**
 * A table that was being created when the process was killed is empty, and dynalite would never finish, use or delete it.
 * Its keys for tables begin with `table~`.
 */
async function removeUnfinishedTables(db: LevelDatabase): Promise<void> {
  for await (const [key, table] of db.iterator({ gte: 'table~', lt: 'table~\xff' }))
    if (table.TableStatus === 'CREATING') await db.del(key);
}

/** Opens the database again before the next request, and keeps new requests waiting meanwhile. */
function repairAfterFailures(server: Server, guard: LevelGuard): void {
  const isBusy = watchRequests(server);
  const serve = server.listeners('request');
  let reopening: Promise<void> | undefined;
  const reopen = () => {
    reopening ??= guard.reopen(isBusy).finally(() => {
      reopening = undefined;
    });
    return reopening;
  };
  server.removeAllListeners('request');
  server.on('request', async (message, response) => {
    if (guard.isBroken()) await reopen();
    for (const listener of serve) listener.call(server, message, response);
  });
}

/** Returns a function that tells whether the server has received requests that it has not answered. */
function watchRequests(server: Server): () => boolean {
  const responses = new Set<ServerResponse>();
  const forgetFinished = () => {
    for (const response of responses) if (isFinished(response)) responses.delete(response);
  };
  server.prependListener('request', (_request, response: ServerResponse) => {
    forgetFinished();
    responses.add(response);
  });
  return () => {
    forgetFinished();
    return [...responses].some(({ req }) => req.complete);
  };
}

/** A request that has been answered, or was aborted before it was read. One aborted later is still carried out. */
const isFinished = ({ req, writableEnded }: ServerResponse) =>
  writableEnded || (req.destroyed && !req.readableEnded);

/** Creates a table unless it exists. Resolves when it can be used. */
export async function ensureTable(client: DynamoDBClient, name: string, keys: TableKeys): Promise<void> {
  const { partition, sort, indexes } = keys;
  const schemaOf = (partitionKey: string) => [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ];
  const attributes = new Set([partition, sort, ...Object.values(indexes)]);
  try {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [...attributes].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: schemaOf(partition),
        GlobalSecondaryIndexes: Object.entries(indexes).map(([IndexName, partitionKey]) => ({
          IndexName,
          KeySchema: schemaOf(partitionKey),
          Projection: { ProjectionType: 'ALL' },
        })),
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists({ client, minDelay: 0.05, maxDelay: 1, maxWaitTime: 60 }, { TableName: name });
}
