import { expect, test } from 'vitest';
import { createDynamoDbClient } from '../../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../../functions/shared/config/tables.ts';
import { createIndexTable } from '../../../../functions/shared/recording-index/index-table.ts';
import { toItem } from '../../../../functions/shared/recording-index/item.ts';
import { eraseRows } from '../../../../infra/commands/erase/erase-rows.ts';
import { useDynamoDb } from '../../../functions/aws-services.ts';

const AT = '2026-01-15T07:00:00.000Z';
const RECORDING = '20260115080000-1768460400.1-1001-1003-Internal.wav';
const BESIDE = '20260115080000-1768460400.1-1001-1003-Internal~0a1b2c3d.wav';
const UNDATED = 'meeting.wav';

await useDynamoDb({ index: INDEX_TABLE });
const table = createIndexTable(createDynamoDbClient(), 'index');
const add = (recording: string) =>
  table.put(toItem({ pbx: 'hq', recording, state: 'archived', at: AT, verifiedBy: [] }));

test('rows that the events of the bucket delete in time are waited for', async () => {
  await add(RECORDING);
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
    if (waits.length === 3) await table.delete('hq', RECORDING);
  };
  await eraseRows('hq', [RECORDING], { table, wait });
  expect(waits).toEqual([1000, 1000, 1000]);
});

test('rows that nothing else deletes are deleted, also those of other recordings of the same name', async () => {
  await add(RECORDING);
  await add(BESIDE);
  await add(UNDATED);
  const deps = { table, wait: async () => {} };
  await eraseRows('hq', [RECORDING, BESIDE], deps);
  expect(await table.find('hq', RECORDING)).toBeUndefined();
  expect(await table.find('hq', BESIDE)).toBeUndefined();
  expect(await table.find('hq', UNDATED)).toMatchObject({ recording: UNDATED });
  await eraseRows('hq', [UNDATED], deps);
  expect(await table.find('hq', UNDATED)).toBeUndefined();
});
