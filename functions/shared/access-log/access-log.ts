import { randomBytes } from 'node:crypto';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { type Access, accessSchema } from '../api/contract.ts';
import { TTL_ATTRIBUTE } from '../config/tables.ts';
import { toArchiveError } from '../errors.ts';
import { log } from '../telemetry/log.ts';
import { cursorSchema, type Page, queryPage } from './query-page.ts';

const PREFIX = 'access#';
export const accessCursorSchema = cursorSchema(PREFIX);

const DAY_SECONDS = 24 * 60 * 60;

/** For a row to be written. The functions that write may run for ten seconds. */
const WRITE_TIMEOUT_MS = 2_000;

export interface AccessLog {
  /**
   * Adds a row. Never rejects: people still get the recordings that they may hear when DynamoDB fails. The log line
   * `access-not-logged` then says what the access log lacks.
   */
  add(access: Omit<Access, 'at'>): Promise<void>;
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
}

export function createAccessLog(
  client: DynamoDBDocumentClient,
  { table, days, now }: AccessLogOptions,
): AccessLog {
  const partitionOf = (pbx: string, recording: string) => `recording#${pbx}#${recording}`;

  function readPage({ items, ...rest }: Page<Record<string, unknown>>): Page<Access> {
    const current = items.filter((item) => Number(item[TTL_ATTRIBUTE]) * 1000 > now());
    return { items: current.map((item) => v.parse(accessSchema, item)), ...rest };
  }

  return {
    async add(access) {
      const time = now();
      const at = new Date(time).toISOString();
      const item = {
        pk: partitionOf(access.pbx, access.recording),
        sk: `${PREFIX}${at}#${randomBytes(8).toString('hex')}`,
        ...access,
        at,
        [TTL_ATTRIBUTE]: Math.floor(time / 1000) + days * DAY_SECONDS,
      };
      try {
        await client.send(new PutCommand({ TableName: table, Item: item }), {
          abortSignal: AbortSignal.timeout(WRITE_TIMEOUT_MS),
        });
      } catch (error) {
        const { kind, pbx, recording, by } = access;
        log('error', 'access-not-logged', { kind, pbx, recording, by, code: toArchiveError(error).code });
      }
    },
    ofRecording: async (pbx, recording, page) =>
      readPage(
        await queryPage(client, { table, partition: partitionOf(pbx, recording), prefix: PREFIX, ...page }),
      ),
    ofPerson: async (person, page) =>
      readPage(
        await queryPage(client, { table, index: 'byPerson', partition: person, prefix: PREFIX, ...page }),
      ),
  };
}
