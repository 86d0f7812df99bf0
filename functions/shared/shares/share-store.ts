import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { cursorSchema, type Page, type PageRequest, queryPage } from '../access-log/query-page.ts';
import { ACCESS_TABLE, TTL_ATTRIBUTE } from '../config/tables.ts';
import { MAX_WRONG_PASSCODES, type ShareRecord, shareRecordSchema } from './share.ts';

const PREFIX = 'share#';

export const shareCursorSchema = cursorSchema(PREFIX);

export type SharePageOptions = Pick<PageRequest, 'limit' | 'before'>;

export interface ShareStore {
  /** `keepUntil` (epoch ms) is when its row may be deleted. */
  create(share: ShareRecord, keepUntil: number): Promise<void>;
  find(id: string): Promise<ShareRecord | undefined>;
  /**
   * Counts a wrong passcode before it is compared, so that no more are tried at once than one after the other. Returns
   * false if too many have been.
   */
  takePasscodeAttempt(share: ShareRecord): Promise<boolean>;
  /**
   * Counts an opening, and takes back the attempt, if any. Returns the share as it is then, or `undefined` if it has ended
   * and may not be opened.
   */
  countPlay(share: ShareRecord): Promise<ShareRecord | undefined>;
  /** Returns the share as it is then, and whether it had not been revoked before. */
  revoke(share: ShareRecord): Promise<{ revoked: ShareRecord; isNew: boolean }>;
  /** Newest first, as far as the index has them: a share of this second may be missing. */
  ofRecording(pbx: string, recording: string, page: SharePageOptions): Promise<Page<ShareRecord>>;
  ofPerson(person: string, page: SharePageOptions): Promise<Page<ShareRecord>>;
}

/** Value of the index's key by which the shares of a recording are found. */
export const sharesPartition = (pbx: string, recording: string) => `${pbx}#${recording}`;

export function createShareStore(
  client: DynamoDBDocumentClient,
  table: string,
  now: () => number,
): ShareStore {
  const keyOf = ({ id, createdAt }: ShareRecord) => ({
    [ACCESS_TABLE.partition]: partitionOf(id),
    [ACCESS_TABLE.sort]: `${PREFIX}${createdAt}#${id.slice(0, 16)}`,
  });
  const partitionOf = (id: string) => `${PREFIX}${id}`;

  /**
   * Changes a share. Returns `undefined` if it does not meet the condition. The SDK repeats a request whose response was
   * lost, so the row names its last change: it is made once, and known to be made.
   */
  async function update(
    share: ShareRecord,
    change: string,
    condition: string,
    values: Record<string, unknown>,
  ): Promise<ShareRecord | undefined> {
    const lastChange = randomUUID();
    try {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: keyOf(share),
          UpdateExpression: `${change}, lastChange = :lastChange`,
          ConditionExpression:
            'attribute_exists(id) AND (attribute_not_exists(lastChange) OR lastChange <> :lastChange) ' +
            `AND ${condition}`,
          ExpressionAttributeValues: { ...values, ':lastChange': lastChange },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return v.parse(shareRecordSchema, Attributes);
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const current = await findItem(share.id);
      return current?.lastChange === lastChange ? v.parse(shareRecordSchema, current) : undefined;
    }
  }

  /** DynamoDB deletes a row within days after its time. */
  const isKept = (item: Record<string, unknown>) => Number(item[TTL_ATTRIBUTE]) * 1000 > now();

  function readPage({ items, ...rest }: Page<Record<string, unknown>>): Page<ShareRecord> {
    return { items: items.filter(isKept).map((item) => v.parse(shareRecordSchema, item)), ...rest };
  }

  async function findItem(id: string): Promise<Record<string, unknown> | undefined> {
    const { Items: [item] = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: `${ACCESS_TABLE.partition} = :partition`,
        ExpressionAttributeValues: { ':partition': partitionOf(id) },
        ConsistentRead: true,
      }),
    );
    return item !== undefined && isKept(item) ? item : undefined;
  }

  async function find(id: string): Promise<ShareRecord | undefined> {
    const item = await findItem(id);
    return item && v.parse(shareRecordSchema, item);
  }

  return {
    find,
    async create(share, keepUntil) {
      const item = {
        ...keyOf(share),
        ...share,
        recordingKey: sharesPartition(share.pbx, share.recording),
        [TTL_ATTRIBUTE]: Math.floor(keepUntil / 1000),
      };
      await client.send(new PutCommand({ TableName: table, Item: item }));
    },
    async takePasscodeAttempt(share) {
      const taken = await update(
        share,
        'SET wrongPasscodes = wrongPasscodes + :one',
        'wrongPasscodes < :max',
        { ':one': 1, ':max': MAX_WRONG_PASSCODES },
      );
      return taken !== undefined;
    },
    countPlay(share) {
      const takeBack = share.passcode === undefined ? '' : ', wrongPasscodes = wrongPasscodes - :one';
      return update(
        share,
        `SET plays = plays + :one${takeBack}`,
        'attribute_not_exists(revokedAt) AND endsAt > :now ' +
          'AND (attribute_not_exists(maxPlays) OR plays < maxPlays)',
        { ':one': 1, ':now': new Date(now()).toISOString() },
      );
    },
    async revoke(share) {
      const change = 'SET revokedAt = :now';
      const condition = 'attribute_not_exists(revokedAt)';
      const revoked = await update(share, change, condition, { ':now': new Date(now()).toISOString() });
      if (revoked !== undefined) return { revoked, isNew: true };
      return { revoked: (await find(share.id)) ?? share, isNew: false };
    },
    ofRecording: async (pbx, recording, page) =>
      readPage(
        await queryPage(client, {
          table,
          index: 'byRecording',
          partition: sharesPartition(pbx, recording),
          prefix: PREFIX,
          ...page,
        }),
      ),
    ofPerson: async (person, page) =>
      readPage(
        await queryPage(client, { table, index: 'byPerson', partition: person, prefix: PREFIX, ...page }),
      ),
  };
}
