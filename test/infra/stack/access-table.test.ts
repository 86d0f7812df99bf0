import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { ACCESS_TABLE } from '../../../functions/shared/config/tables.ts';
import { useDynamoDb } from '../../functions/aws-services.ts';
import { findResource, synthArchive } from './synth-archive.ts';

const [, table] = findResource(synthArchive().resources, 'AWS::DynamoDB::Table', 'Access');

describe('the table with shares and the access log', () => {
  test('is on demand, can be restored to any point in time, and rows expire', () => {
    expect(table.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  test('is kept when the stack is deleted, and nobody deletes it by mistake', () => {
    expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(table.Properties.DeletionProtectionEnabled).toBe(true);
  });

  test('has a name that CloudFormation makes up, so that a new deployment does not collide with one that was kept', () => {
    expect(table.Properties).not.toHaveProperty('TableName');
  });

  test.each([{}, { encryption: 'kms' }])(
    "is encrypted with DynamoDB's own key, so that it does not depend on the key of the bucket: %j",
    (bucket) => {
      const [, { Properties }] = findResource(
        synthArchive({ bucket }).resources,
        'AWS::DynamoDB::Table',
        'Access',
      );
      // CloudFormation documents that the table then uses an AWS owned key.
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: false });
    },
  );
});

test('the table of the stack and the local one have the same keys and indexes', async () => {
  await useDynamoDb({ local: ACCESS_TABLE });
  const client = new DynamoDBClient();
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } =
    table.Properties as unknown as Omit<ConstructorParameters<typeof CreateTableCommand>[0], 'TableName'>;
  await client.send(
    new CreateTableCommand({
      TableName: 'deployed',
      AttributeDefinitions,
      KeySchema,
      GlobalSecondaryIndexes,
      BillingMode,
    }),
  );
  const describeKeys = async (TableName: string) => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
      String(a.name).localeCompare(String(b.name));
    return {
      keys: Table?.KeySchema,
      attributes: Table?.AttributeDefinitions?.map(({ AttributeName, AttributeType }) => ({
        name: AttributeName,
        type: AttributeType,
      })).sort(byName),
      indexes: Table?.GlobalSecondaryIndexes?.map((index) => ({
        name: index.IndexName,
        keys: index.KeySchema,
        projection: index.Projection,
      })).sort(byName),
    };
  };
  const local = await describeKeys('local');
  expect(local.indexes?.map(({ name }) => name)).toEqual(['byPerson', 'byRecording']);
  expect(await describeKeys('deployed')).toEqual(local);
});
