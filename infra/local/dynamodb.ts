import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { CreateTableCommand, type DynamoDBClient, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { TableKeys } from '../../functions/shared/config/tables.ts';
import { requireSignatures } from './json-service.ts';
import type { Access } from './s3/signature.ts';

export interface DynamoDb {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts dynalite on loopback. `directory` holds the tables across restarts and kills; without it they are in memory.
 * With `access`, only signed requests are answered.
 */
export async function startDynamoDb(directory?: string, access?: Access): Promise<DynamoDb> {
  if (directory !== undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
  const server = dynalite({
    ...(directory !== undefined && { path: directory }),
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
  });
  if (access !== undefined) requireSignatures(server, 'dynamodb', access);
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

/** Creates a table unless it exists. */
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
}
