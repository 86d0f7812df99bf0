import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { withSignal } from '../aws-clients.ts';
import type { RowItem } from './item.ts';
import { nameKey, rowKeyInName } from './keys.ts';

interface WriteOptions {
  /** Further keys at which a row of the recording may be. */
  written?: ReadonlySet<string>;
  signal?: AbortSignal | undefined;
}

/** Rows of the index. What they say is decided elsewhere. */
export interface IndexTable {
  find(pbx: string, recording: string, signal?: AbortSignal): Promise<RowItem | undefined>;
  /** Writes the recording's row, in place of any other. Returns the one that it had. */
  put(item: RowItem, options?: WriteOptions): Promise<RowItem | undefined>;
  /** Writes a row unless there is one at its key. Only for recordings whose names determine the key. */
  add(item: RowItem, signal?: AbortSignal): Promise<void>;
  /** Deletes the recording's row. Returns it, if there was one. */
  delete(pbx: string, recording: string, options?: WriteOptions): Promise<RowItem | undefined>;
  /** Yields the rows of a PBX whose calls began in this period (epoch ms), by time. */
  list(pbx: string, from: number, to: number, signal?: AbortSignal): AsyncGenerator<RowItem, void>;
}

export function createIndexTable(client: DynamoDBDocumentClient, TableName: string): IndexTable {
  async function readPointer(pbx: string, recording: string, signal?: AbortSignal): Promise<string[]> {
    const { Item = {} } = await client.send(
      new GetCommand({ TableName, Key: { pbx, sk: nameKey(recording) }, ConsistentRead: true }),
      withSignal(signal),
    );
    return [...((Item.rowSks as Set<string> | undefined) ?? [])];
  }

  /** Adds a key to those at which the recording's row may be. Returns the others. */
  async function addToPointer({ pbx, recording, sk }: RowItem, signal?: AbortSignal): Promise<string[]> {
    const { Attributes = {} } = await client.send(
      new UpdateCommand({
        TableName,
        Key: { pbx, sk: nameKey(recording) },
        UpdateExpression: 'ADD rowSks :sks',
        ExpressionAttributeValues: { ':sks': new Set([sk]) },
        ReturnValues: 'ALL_NEW',
      }),
      withSignal(signal),
    );
    return [...((Attributes.rowSks as Set<string> | undefined) ?? [])].filter((other) => other !== sk);
  }

  async function deleteItem(pbx: string, sk: string, signal?: AbortSignal): Promise<RowItem | undefined> {
    const { Attributes } = await client.send(
      new DeleteCommand({ TableName, Key: { pbx, sk }, ReturnValues: 'ALL_OLD' }),
      withSignal(signal),
    );
    return Attributes as RowItem | undefined;
  }

  /** Returns one that there was. */
  async function deleteItems(
    pbx: string,
    sks: Iterable<string>,
    signal?: AbortSignal,
  ): Promise<RowItem | undefined> {
    let deleted: RowItem | undefined;
    for (const sk of sks) deleted = (await deleteItem(pbx, sk, signal)) ?? deleted;
    return deleted;
  }

  return {
    async find(pbx, recording, signal) {
      const sk = rowKeyInName(recording);
      for (const key of sk === undefined ? await readPointer(pbx, recording, signal) : [sk]) {
        const { Item } = await client.send(
          new GetCommand({ TableName, Key: { pbx, sk: key }, ConsistentRead: true }),
          withSignal(signal),
        );
        if (Item !== undefined) return Item as RowItem;
      }
      return undefined;
    },

    async put(item, { written = new Set<string>(), signal } = {}) {
      const { pbx, recording, sk } = item;
      const others = new Set(written);
      // Known before the row exists, so that a later deletion finds the row. A key once added is never taken away
      // while the recording exists: another invocation may be about to write there.
      if (rowKeyInName(recording) === undefined) {
        for (const other of await addToPointer(item, signal)) others.add(other);
      }
      others.delete(sk);
      const { Attributes } = await client.send(
        new PutCommand({ TableName, Item: item, ReturnValues: 'ALL_OLD' }),
        withSignal(signal),
      );
      const moved = await deleteItems(pbx, others, signal);
      return (Attributes as RowItem | undefined) ?? moved;
    },

    async add(item, signal) {
      const command = new PutCommand({
        TableName,
        Item: item,
        ConditionExpression: 'attribute_not_exists(sk)',
      });
      await client.send(command, withSignal(signal)).catch((error: unknown) => {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      });
    },

    async delete(pbx, recording, { written = new Set<string>(), signal } = {}) {
      const sk = rowKeyInName(recording);
      if (sk !== undefined) return deleteItem(pbx, sk, signal);
      const sks = new Set([...(await readPointer(pbx, recording, signal)), ...written]);
      if (sks.size === 0) return undefined;
      const deleted = await deleteItems(pbx, sks, signal);
      await deleteItem(pbx, nameKey(recording), signal);
      return deleted;
    },

    async *list(pbx, from, to, signal) {
      const pages = paginateQuery(
        { client },
        {
          TableName,
          KeyConditionExpression: 'pbx = :pbx AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':pbx': pbx,
            ':from': new Date(from).toISOString(),
            // Sorts after every name.
            ':to': `${new Date(to).toISOString()}#\u{10FFFF}`,
          },
        },
        withSignal(signal),
      );
      for await (const { Items = [] } of pages) yield* Items as RowItem[];
    },
  };
}
