import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { callKey, partyKey, rowKey } from '../../../../functions/shared/recording-index/keys.ts';
import type { IndexedRecording } from '../../../../functions/shared/recording-index/row.ts';

export type Row = Pick<IndexedRecording, 'pbx' | 'recording' | 'at'> & Partial<IndexedRecording>;

/** The item of a row, as docs/architecture.md describes it. */
export function itemOf(row: Row): Record<string, unknown> {
  const { pbx, recording, at, from, to, callId } = row;
  return {
    state: 'archived',
    ...row,
    sk: rowKey(at, recording),
    ...(from !== undefined && { fromKey: partyKey(pbx, from) }),
    ...(to !== undefined && { toKey: partyKey(pbx, to) }),
    ...(callId !== undefined && { callKey: callKey(pbx, callId) }),
    layout: 1,
  };
}

/** Writes items, 25 at a time as DynamoDB allows. */
export async function putItems(
  client: DynamoDBDocumentClient,
  table: string,
  items: object[],
): Promise<void> {
  for (let start = 0; start < items.length; start += 25) {
    const requests = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }));
  }
}

export const putRows = (client: DynamoDBDocumentClient, table: string, rows: Row[]): Promise<void> =>
  putItems(client, table, rows.map(itemOf));
