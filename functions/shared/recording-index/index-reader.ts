import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { INDEX_TABLE } from '../config/tables.ts';
import { nameKey, rowKeyInName, STATUS_KEY } from './keys.ts';
import { type IndexedRecording, indexedRecordingSchema } from './row.ts';

/** All rows of a PBX, or those with one value of an index's key. */
export interface Partition {
  readonly pbx: string;
  readonly index?: keyof typeof INDEX_TABLE.indexes;
  readonly value: string;
}

export interface IndexItem {
  readonly pbx: string;
  readonly sk: string;
  /** `undefined` if the item is no row that this version can read. */
  readonly recording: IndexedRecording | undefined;
}

export interface ItemPage {
  readonly items: IndexItem[];
  /** Where to go on; `undefined` at the end of the partition. */
  readonly next: Record<string, unknown> | undefined;
}

/** What reconciliation and pbx-session know about a PBX. */
const statusSchema = v.object({
  pbx: v.string(),
  reconciledUpTo: v.optional(v.string()),
  sessionUpAt: v.optional(v.string()),
  sessionDownSince: v.optional(v.string()),
});

export type ArchiveStatus = v.InferOutput<typeof statusSchema>;

export interface IndexReader {
  /** At most `limit` items of a partition with sort keys from `first` to `last`, the greatest first. */
  query(
    partition: Partition,
    range: { first: string; last: string; limit: number; start?: Record<string, unknown> | undefined },
  ): Promise<ItemPage>;
  find(pbx: string, recording: string): Promise<IndexedRecording | undefined>;
  readStatus(pbxs: readonly string[]): Promise<ArchiveStatus[]>;
}

export function createIndexReader(client: DynamoDBDocumentClient, table: string): IndexReader {
  const { partition: pbxName, sort, indexes } = INDEX_TABLE;

  async function get(pbx: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: { [pbxName]: pbx, [sort]: sk } }),
    );
    return Item;
  }

  return {
    async query({ index, value }, { first, last, limit, start }) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          ...(index !== undefined && { IndexName: index }),
          KeyConditionExpression: '#partition = :value AND #sort BETWEEN :first AND :last',
          ExpressionAttributeNames: {
            '#partition': index === undefined ? pbxName : indexes[index],
            '#sort': sort,
          },
          ExpressionAttributeValues: { ':value': value, ':first': first, ':last': last },
          ScanIndexForward: false,
          Limit: limit,
          ...(start !== undefined && { ExclusiveStartKey: start }),
        }),
      );
      return { items: Items.map(toItem), next: LastEvaluatedKey };
    },

    async find(pbx, recording) {
      const sk = rowKeyInName(recording);
      const { rowSks } = sk === undefined ? ((await get(pbx, nameKey(recording))) ?? {}) : { rowSks: [sk] };
      for (const rowSk of (rowSks ?? []) as Iterable<string>) {
        const row = await get(pbx, rowSk);
        if (row !== undefined) return toItem(row).recording;
      }
      return undefined;
    },

    async readStatus(pbxs) {
      if (pbxs.length === 0) return [];
      const Keys = pbxs.map((pbx) => ({ [pbxName]: pbx, [sort]: STATUS_KEY }));
      const { Responses } = await client.send(new BatchGetCommand({ RequestItems: { [table]: { Keys } } }));
      return (Responses?.[table] ?? []).filter((item) => v.is(statusSchema, item));
    },
  };
}

function toItem(item: Record<string, unknown>): IndexItem {
  const parsed = v.safeParse(indexedRecordingSchema, item);
  return {
    pbx: String(item[INDEX_TABLE.partition]),
    sk: String(item[INDEX_TABLE.sort]),
    recording: parsed.success ? parsed.output : undefined,
  };
}
