import { DescribeTableCommand, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { mapConcurrently } from '../../../functions/shared/map-concurrently.ts';
import { createIndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { plural } from '../../shared/text.ts';
import type { Deployment } from '../deployment.ts';
import { countMessages } from './check-queues.ts';
import { ok, type Result, toDo } from './finding.ts';
import type { NewestRecording } from './newest-recording.ts';

/** An event of the bucket takes seconds to the index, and minutes if the first attempt fails. */
const GRACE_MS = 10 * 60_000;

const DAY_MS = 24 * 60 * 60_000;

const CONCURRENT_READS = 10;

export interface IndexCheckDeps {
  deployment: Pick<Deployment, 'indexTable' | 'indexQueues' | 'options'>;
  dynamoDb: DynamoDBDocumentClient;
  sqs: SQSClient;
  now: () => number;
}

/** Whether the index is there, and has what the bucket got last. `newest`: by PBX. The names are not shown. */
export async function checkIndex(
  newest: ReadonlyMap<string, NewestRecording>,
  { deployment, dynamoDb, sqs, now }: IndexCheckDeps,
): Promise<Result> {
  const { indexTable, indexQueues, options } = deployment;
  if (indexTable === undefined) return toDo('There is none. Run npm run deploy.');
  const status = await readTableStatus(dynamoDb, indexTable);
  if (status === undefined) {
    return toDo(
      'Its table is gone. Restore it: npx cdk deploy --revert-drift. Then run npm run reindex. See docs/operations.md#index.',
    );
  }
  if (status !== 'ACTIVE') return toDo(`Its table is ${status}. Run this command again in some minutes.`);
  const table = createIndexTable(dynamoDb, indexTable);
  const old = [...newest].filter(([, { archivedAt }]) => now() - archivedAt > GRACE_MS);
  const rows = await mapConcurrently(old, CONCURRENT_READS, ([pbx, { name }]) => table.find(pbx, name));
  const missing = old.filter((_, index) => rows[index]?.state !== 'archived');
  const waiting = indexQueues === undefined ? 0 : await countDeadLetters(sqs, indexQueues.deadLettersUrl);
  const problems = [
    ...(waiting === 0
      ? []
      : [
          `${plural(waiting, 'change')} of the bucket could not be indexed. See docs/runbook.md#not-indexed.`,
        ]),
    ...(missing.length === 0 ? [] : [describeMissing(missing, options, now())]),
  ];
  return problems.length === 0 ? ok('has the newest recordings') : toDo(problems.join(' '));
}

async function readTableStatus(client: DynamoDBDocumentClient, TableName: string) {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    return Table?.TableStatus;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

async function countDeadLetters(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { waiting, taken } = await countMessages(sqs, queueUrl);
  return waiting + taken;
}

/** The command is for one PBX, or for all, from the earliest day on. */
function describeMissing(
  missing: readonly (readonly [pbx: string, NewestRecording])[],
  options: string,
  now: number,
): string {
  const pbxs = missing.map(([pbx]) => pbx);
  const days = missing.map(([pbx, recording]) => dayOf(pbx, recording)).sort();
  const [from = '', last = ''] = [days[0], days.at(-1)];
  // The command ends with tomorrow by itself. The clock of a PBX may have been wrong.
  const to = last > new Date(now + DAY_MS).toISOString().slice(0, 10) ? ` --to ${last}` : '';
  const id = pbxs.length === 1 ? pbxs[0] : 'all';
  return `It lacks the newest recording of ${pbxs.join(', ')}. Add what is missing: npm run reindex -- --pbx ${id} --from ${from}${to}${options}.`;
}

/** The day of its folder. A name without a date is looked at whatever the days are. */
function dayOf(pbx: string, { name, archivedAt }: NewestRecording): string {
  const [, year, month, day] = /\/(\d{4})\/(\d\d)\/(\d\d)\//.exec(recordingKey(pbx, name)) ?? [];
  return year === undefined ? new Date(archivedAt).toISOString().slice(0, 10) : `${year}-${month}-${day}`;
}
