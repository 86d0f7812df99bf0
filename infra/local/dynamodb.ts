import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, type DynamoDBClient, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { TableKeys } from '../../functions/shared/config/tables.ts';

export interface DynamoDb {
  url: string;
  close(): Promise<void>;
}

/** Starts dynalite on loopback. `directory` holds the tables across restarts; without it they are in memory. */
export async function startDynamoDb(directory?: string): Promise<DynamoDb> {
  const server = dynalite({
    ...(directory !== undefined && { path: directory }),
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve()))),
  };
}

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
