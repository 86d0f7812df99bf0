import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { accessPartition } from '../../../functions/shared/access-log/access-log.ts';
import { ACCESS_TABLE } from '../../../functions/shared/config/tables.ts';
import { mapConcurrently } from '../../../functions/shared/map-concurrently.ts';
import { sha256 } from '../../../functions/shared/sha256.ts';
import { sharesPartition } from '../../../functions/shared/shares/share-store.ts';

const CONCURRENCY = 10;

type Item = Record<string, unknown>;

/** What the access table has of a recording. */
export interface Traces {
  shares: Item[];
  /** Rows of the access log. */
  accesses: Item[];
}

export interface AccessTraces {
  find(pbx: string, recordings: readonly string[]): Promise<Traces>;
  /**
   * Deletes shares, so that they have ended for good. Rows of the access log stay as evidence, without the name and the
   * numbers in it: with its digest, by which people who know the name find them.
   */
  erase(traces: Traces): Promise<void>;
}

/** What the access log has instead of the name of an erased recording. */
const erasedName = (recording: string): string => `erased:${sha256(recording).toString('hex')}`;

export function createAccessTraces(client: DynamoDBDocumentClient, TableName: string): AccessTraces {
  const { partition, sort, indexes } = ACCESS_TABLE;

  async function query(name: string, value: string, IndexName?: keyof typeof indexes): Promise<Item[]> {
    const items: Item[] = [];
    const pages = paginateQuery(
      { client },
      {
        TableName,
        KeyConditionExpression: '#name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': value },
        ...(IndexName === undefined ? { ConsistentRead: true } : { IndexName }),
      },
    );
    for await (const { Items = [] } of pages) items.push(...Items);
    return items;
  }

  const remove = (item: Item) =>
    client.send(new DeleteCommand({ TableName, Key: { [partition]: item[partition], [sort]: item[sort] } }));

  return {
    async find(pbx, recordings) {
      const traces: Traces = { shares: [], accesses: [] };
      for (const recording of recordings) {
        traces.shares.push(
          ...(await query(indexes.byRecording, sharesPartition(pbx, recording), 'byRecording')),
        );
        traces.accesses.push(...(await query(partition, accessPartition(pbx, recording))));
      }
      return traces;
    },

    async erase({ shares, accesses }) {
      await mapConcurrently(shares, CONCURRENCY, remove);
      await mapConcurrently(accesses, CONCURRENCY, async (item) => {
        const recording = erasedName(String(item.recording));
        const pk = accessPartition(String(item.pbx), recording);
        // Written first: a run that is interrupted leaves a row twice, and the next one deletes the one with the name.
        await client.send(new PutCommand({ TableName, Item: { ...item, [partition]: pk, recording } }));
        await remove(item);
      });
    },
  };
}
