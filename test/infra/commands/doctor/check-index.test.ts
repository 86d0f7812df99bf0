import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, expect, test } from 'vitest';
import { createDynamoDbClient } from '../../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../../functions/shared/config/tables.ts';
import { createIndexTable } from '../../../../functions/shared/recording-index/index-table.ts';
import { toItem } from '../../../../functions/shared/recording-index/item.ts';
import type { RecordingState } from '../../../../functions/shared/recording-index/row.ts';
import { checkIndex, type IndexCheckDeps } from '../../../../infra/commands/doctor/check-index.ts';
import { useDynamoDb, useSqs } from '../../../functions/aws-services.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const MINUTE_MS = 60_000;

await useDynamoDb({ index: INDEX_TABLE });
const { createQueue, empty } = await useSqs();
const [eventsUrl = '', deadLettersUrl = ''] = ['events', 'index-dead-letters'].map(createQueue);
const [dynamoDb, sqs] = [createDynamoDbClient(), new SQSClient()];
const table = createIndexTable(dynamoDb, 'index');
beforeEach(empty);

const addRow = (pbx: string, recording: string, state: RecordingState = 'archived') =>
  table.put(toItem({ pbx, recording, state, at: '2026-03-01T08:00:00.000Z', verifiedBy: [] }));

/** The check of an archive in which these recordings are the newest ones of their PBXs. */
const check = (
  newest: Record<string, [name: string, minutesAgo: number]>,
  deployment: Partial<IndexCheckDeps['deployment']> = {},
) =>
  checkIndex(
    new Map(
      Object.entries(newest).map(([pbx, [name, minutesAgo]]) => [
        pbx,
        { name, archivedAt: NOW - minutesAgo * MINUTE_MS },
      ]),
    ),
    {
      deployment: {
        indexTable: 'index',
        indexQueues: { eventsUrl, deadLettersUrl },
        options: '',
        ...deployment,
      },
      dynamoDb,
      sqs,
      now: () => NOW,
    },
  );

const [HQ, BRANCH] = ['20260301090000-1772352000.1-101-102.wav', '20260228090000-1772265600.2-201-202.wav'];

test('an index without recordings is ok', async () => {
  expect(await check({})).toEqual({ status: 'ok', text: 'has the newest recordings' });
});

test('an index with the newest recording of every PBX is ok, whether or not its name has a date', async () => {
  await addRow('hq', HQ);
  await addRow('club', 'meeting.wav');
  expect(await check({ hq: [HQ, 60], club: ['meeting.wav', 60] })).toMatchObject({ status: 'ok' });
});

test('a recording that has just been archived may not be in the index yet', async () => {
  expect(await check({ branch: [BRANCH, 9] })).toMatchObject({ status: 'ok' });
});

test('a recording that is not in the index is to be added, by a command from its day on', async () => {
  expect(await check({ branch: [BRANCH, 11] })).toEqual({
    status: 'to-do',
    text: 'It lacks the newest recording of branch. Add what is missing: npm run reindex -- --pbx branch --from 2026-02-28.',
  });
  expect(await check({ branch: [BRANCH, 11], shop: [HQ, 11] }, { options: ' --local' })).toEqual({
    status: 'to-do',
    text: 'It lacks the newest recording of branch, shop. Add what is missing: npm run reindex -- --pbx all --from 2026-02-28 --local.',
  });
});

test('a recording that is dated into the future is to be added by a command that looks that far', async () => {
  const future = '20360101090000-2082790800.1-101-102.wav';
  const { text } = await check({ branch: [future, 60] });
  expect(text).toContain('npm run reindex -- --pbx branch --from 2036-01-01 --to 2036-01-01.');
  // The last day of the command is tomorrow, if it has none.
  const tomorrow = '20260303090000-1772528400.1-101-102.wav';
  expect((await check({ branch: [tomorrow, 60] })).text).toMatch(/ --from 2026-03-03\.$/);
});

test('a row that says that the recording is still on its way is wrong', async () => {
  await addRow('late', HQ, 'waiting');
  expect(await check({ late: [HQ, 60] })).toMatchObject({ status: 'to-do' });
});

test('changes that could not be indexed are to be looked at, on a stack', async () => {
  await sqs.send(new SendMessageCommand({ QueueUrl: deadLettersUrl, MessageBody: '{}' }));
  expect(await check({})).toEqual({
    status: 'to-do',
    text: '1 change of the bucket could not be indexed. See docs/runbook.md#not-indexed.',
  });
  expect(await check({}, { indexQueues: undefined })).toMatchObject({ status: 'ok' });
});

test('an index whose table is gone is to be restored and filled', async () => {
  const { status, text } = await check({}, { indexTable: 'elsewhere' });
  expect(status).toBe('to-do');
  expect(text).toMatch(/cdk deploy --revert-drift.*npm run reindex/);
});

test('a stack without an index is to be deployed', async () => {
  expect(await check({}, { indexTable: undefined })).toEqual({
    status: 'to-do',
    text: 'There is none. Run npm run deploy.',
  });
});
