import { randomBytes } from 'node:crypto';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { type Access, accessSchema } from '../api/contract.ts';
import { TTL_ATTRIBUTE } from '../config/tables.ts';
import { toArchiveError } from '../errors.ts';
import { log } from '../telemetry/log.ts';
import type { EventFacts, PublishAccess } from './access-events.ts';
import { cursorSchema, type Page, queryPage } from './query-page.ts';

const PREFIX = 'access#';
export const accessCursorSchema = cursorSchema(PREFIX);

const DAY_SECONDS = 24 * 60 * 60;

/** For a row to be written. The functions that write may run for ten seconds. */
const WRITE_TIMEOUT_MS = 2_000;

export interface AccessLog {
  /**
   * Adds a row, and publishes the event. Never rejects: people still get the recordings that they may hear when DynamoDB
   * or EventBridge fails. The log lines `access-not-logged` and `access-not-published` then say what is missing.
   */
  add(access: Omit<Access, 'at'>, facts?: EventFacts): Promise<void>;
  /** Newest first. */
  ofRecording(pbx: string, recording: string, page: PageOptions): Promise<Page<Access>>;
  ofPerson(person: string, page: PageOptions): Promise<Page<Access>>;
}

export interface PageOptions {
  limit: number;
  before?: string | undefined;
}

export interface AccessLogOptions {
  table: string;
  /** How long rows are kept. */
  days: number;
  now: () => number;
  publish: PublishAccess;
}

/** Value of the partition key of a recording's rows. */
export const accessPartition = (pbx: string, recording: string) => `recording#${pbx}#${recording}`;

/** A row without a recording is found by its person alone. */
const partitionOf = ({ pbx, recording, person }: Access) =>
  pbx === undefined || recording === undefined ? `person#${person}` : accessPartition(pbx, recording);

export function createAccessLog(
  client: DynamoDBDocumentClient,
  { table, days, now, publish }: AccessLogOptions,
): AccessLog {
  function readPage({ items, ...rest }: Page<Record<string, unknown>>): Page<Access> {
    const current = items.filter((item) => Number(item[TTL_ATTRIBUTE]) * 1000 > now());
    return { items: current.map((item) => v.parse(accessSchema, item)), ...rest };
  }

  async function write(row: Access, sk: string, expiresAt: number): Promise<void> {
    const { kind, pbx, recording, by } = row;
    const Item = { pk: partitionOf(row), sk, ...row, [TTL_ATTRIBUTE]: expiresAt };
    try {
      await client.send(new PutCommand({ TableName: table, Item }), {
        abortSignal: AbortSignal.timeout(WRITE_TIMEOUT_MS),
      });
    } catch (error) {
      log('error', 'access-not-logged', { kind, pbx, recording, by, code: toArchiveError(error).code });
    }
  }

  return {
    async add(access, facts = {}) {
      const time = now();
      const row = { ...access, at: new Date(time).toISOString() };
      const sk = `${PREFIX}${row.at}#${randomBytes(8).toString('hex')}`;
      const expiresAt = Math.floor(time / 1000) + days * DAY_SECONDS;
      await Promise.all([write(row, sk, expiresAt), publish(row, sk, facts)]);
    },
    ofRecording: async (pbx, recording, page) =>
      readPage(
        await queryPage(client, {
          table,
          partition: accessPartition(pbx, recording),
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
