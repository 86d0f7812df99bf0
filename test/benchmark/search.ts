import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { INDEX_TABLE } from '../../functions/shared/config/tables.ts';
import { mapConcurrently } from '../../functions/shared/map-concurrently.ts';
import { toItem } from '../../functions/shared/recording-index/item.ts';
import { ensureTable, startDynamoDb } from '../../infra/local/dynamodb.ts';
import { LINK_TOKEN } from './aws.ts';
import { runFunction } from './run-program.ts';
import type { DeployedFunction } from './stack.ts';
import { percentile } from './statistics.ts';

const TABLE = 'search';
const PBXS = 50;
const EXTENSIONS = 200;
const CALLERS = 20_000;
/** The newest row. */
const END = Date.parse('2026-11-01T00:00:00Z');
const DAYS = 365;
/** DynamoDB's limit. */
const BATCH = 25;
const BATCHES_AT_ONCE = 8;
/** The first ones open connections and fill caches. */
const WARM_UP = 5;
const SEARCHES = 100;

/** How long a kind of search takes. */
export interface SearchTime {
  what: string;
  rows: number;
  p50Ms: number;
  p95Ms: number;
  /** Requests to DynamoDB, on average. */
  requests: number;
}

/** Fills the index with calls of a year at 50 PBXs, and searches it with archive-api. */
export async function measureSearch(
  api: DeployedFunction,
  { rows, directory }: { rows: number; directory: string },
): Promise<SearchTime[]> {
  // In files: a million rows in memory would take several GB of it.
  const dynamoDb = await startDynamoDb(join(directory, 'search'));
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: dynamoDb.url }));
  await ensureTable(client, TABLE, INDEX_TABLE);
  await fill(client, rows);
  const registryFile = join(directory, 'search-registry.json');
  await writeFile(registryFile, JSON.stringify(registry()));
  const ownVariables = {
    PBX_REGISTRY_FILE: registryFile,
    INDEX_TABLE: TABLE,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url,
  };
  const deployed = { ...api, environment: { ...api.environment, ...ownVariables } };
  const measured: SearchTime[] = [];
  for (const [what, queryFor] of Object.entries(KINDS)) {
    const events = Array.from({ length: WARM_UP + SEARCHES }, (_, index) => searchEvent(queryFor(index)));
    const { invocations } = await runFunction(deployed, events);
    const warm = invocations.slice(WARM_UP);
    const target = `POST ${new URL(dynamoDb.url).host}`;
    const requests = warm.reduce((sum, invocation) => sum + (invocation.requests[target] ?? 0), 0);
    const times = warm.map(({ ms }) => ms);
    measured.push({
      what,
      rows,
      p50Ms: percentile(times, 0.5),
      p95Ms: percentile(times, 0.95),
      requests: requests / warm.length,
    });
  }
  await dynamoDb.close();
  return measured;
}

const day = (index: number) => new Date(END - (1 + (index % (DAYS - 10))) * 86_400_000).toISOString();
const year = { from: new Date(END - DAYS * 86_400_000).toISOString(), to: new Date(END).toISOString() };

/** Searches by name: the query of the one with this number. */
const KINDS: Readonly<Record<string, (index: number) => Record<string, string>>> = {
  'seven days of all PBXs': (index) => ({ to: day(index) }),
  'a day of one PBX': (index) => ({ pbx: pbxId(index), from: day(index + 1), to: day(index) }),
  'a number in a year of all PBXs': (index) => ({ ...year, number: callerOf(index * 191) }),
  'two numbers in a year of one PBX': (index) => ({
    ...year,
    pbx: pbxId(index),
    number: `${callerOf(index * 50)},${1000 + (index % EXTENSIONS)}`,
  }),
  'a call id': (index) => ({ callId: callIdOf(index * 977) }),
  // Looks at as many rows as one request may.
  'a duration that no call has, in a year of all PBXs': () => ({ ...year, minSeconds: '7200' }),
};

const searchEvent = (query: Record<string, string>) => ({
  rawPath: '/api/recordings',
  headers: { authorization: `Bearer ${LINK_TOKEN}` },
  queryStringParameters: query,
  isBase64Encoded: false,
  requestContext: { http: { method: 'GET', sourceIp: '192.0.2.1' } },
});

const pbxId = (index: number) => `pbx-${index % PBXS}`;
const callerOf = (index: number) => `+4930${1_000_000 + (index % CALLERS) * 37}`;
const callIdOf = (index: number) => `call-${index}`;

function registry(): Record<string, object> {
  const settings = { baseUrl: 'https://192.0.2.1:8088', reportUrl: 'https://{host}', queueName: 'none' };
  const names = { credentialsSecret: 'none', sessionSecret: 'none' };
  return Object.fromEntries(
    Array.from({ length: PBXS }, (_, index) => [pbxId(index), { ...settings, ...names }]),
  );
}

/** Rows are spread evenly over the PBXs and the year. */
async function fill(client: DynamoDBDocumentClient, rows: number): Promise<void> {
  const stepMs = (DAYS * 86_400_000) / rows;
  const itemOf = (index: number) => {
    const at = new Date(END - Math.floor((index + 1) * stepMs)).toISOString();
    const recording = `${at.replaceAll(/[-:T]/g, '').slice(0, 14)}-${callIdOf(index)}-in.wav`;
    return toItem({
      pbx: pbxId(index),
      recording,
      state: 'archived',
      at,
      callId: callIdOf(index),
      from: callerOf(index),
      to: String(1000 + (index % EXTENSIONS)),
      type: 'Inbound',
      status: 'ANSWERED',
      trunk: 'Berlin',
      bytes: 2_880_044,
      seconds: 180,
      codec: 'pcm',
      contentType: 'audio/wav',
      crc32: 'yZRlqg==',
      verifiedBy: ['content-length', 'riff-header'],
      archivedAt: at,
    });
  };
  const batches = Array.from({ length: Math.ceil(rows / BATCH) }, (_, batch) => batch * BATCH);
  await mapConcurrently(batches, BATCHES_AT_ONCE, async (start) => {
    const count = Math.min(BATCH, rows - start);
    const requests = Array.from({ length: count }, (_, offset) => ({
      PutRequest: { Item: itemOf(start + offset) },
    }));
    await client.send(new BatchWriteCommand({ RequestItems: { [TABLE]: requests } }));
  });
}
