import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { ACCESS_TABLE } from '../config/tables.ts';

export interface PageRequest {
  table: string;
  index?: keyof typeof ACCESS_TABLE.indexes;
  /** Value of the partition key of the table or index. */
  partition: string;
  /** What the sort keys begin with. */
  prefix: string;
  limit: number;
  /** Sort key of the last row of the page before this one, which its cursor stands for. */
  before?: string | undefined;
}

export interface Page<Item> {
  items: Item[];
  /** Absent on the last page. */
  cursor?: string;
}

/** One page of the rows of a partition, newest first. A page may have fewer rows than `limit`, and not be the last. */
export async function queryPage(
  client: DynamoDBDocumentClient,
  { table, index, partition, prefix, limit, before }: PageRequest,
): Promise<Page<Record<string, unknown>>> {
  const { sort, indexes } = ACCESS_TABLE;
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: index,
      KeyConditionExpression:
        before === undefined
          ? '#partition = :partition AND begins_with(#sort, :prefix)'
          : '#partition = :partition AND #sort BETWEEN :prefix AND :before',
      ExpressionAttributeNames: {
        '#partition': index === undefined ? ACCESS_TABLE.partition : indexes[index],
        '#sort': sort,
      },
      ExpressionAttributeValues: {
        ':partition': partition,
        ':prefix': prefix,
        ...(before !== undefined && { ':before': before }),
      },
      ScanIndexForward: false,
      // BETWEEN includes the last row of the page before, which is left out below.
      Limit: before === undefined ? limit : limit + 1,
    }),
  );
  const items = Items.filter((item) => item[sort] !== before);
  if (LastEvaluatedKey === undefined) return { items };
  return { items, cursor: Buffer.from(String(LastEvaluatedKey[sort])).toString('base64url') };
}

/**
 * Returns the sort key that a cursor stands for. A cursor that somebody made up leads to rows of the same partition, which
 * its reader may see anyway, so it needs no signature.
 */
export const cursorSchema = (prefix: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.maxLength(400, 'should be the cursor of a response'),
      v.transform((cursor) => Buffer.from(cursor, 'base64url').toString()),
      v.startsWith(prefix, 'should be the cursor of a response'),
    ),
  );
