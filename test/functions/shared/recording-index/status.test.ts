import { expect, test } from 'vitest';
import { createDynamoDbClient } from '../../../../functions/shared/aws-clients.ts';
import { INDEX_TABLE } from '../../../../functions/shared/config/tables.ts';
import { createStatusWriter } from '../../../../functions/shared/recording-index/status.ts';
import { useDynamoDb } from '../../aws-services.ts';

await useDynamoDb({ index: INDEX_TABLE });
const status = createStatusWriter(createDynamoDbClient(), 'index');

test('failed runs are counted in a row, for each PBX and each schedule', async () => {
  expect(await status.countRun('hq', 'recent', true)).toBe(1);
  expect(await status.countRun('hq', 'recent', true)).toBe(2);
  expect(await status.countRun('branch', 'recent', true)).toBe(1);
  expect(await status.countRun('hq', 'wide', true)).toBe(1);
  expect(await status.countRun('hq', 'recent', false)).toBe(0);
  expect(await status.countRun('hq', 'recent', true)).toBe(1);
  expect(await status.countRun('hq', 'wide', true)).toBe(2);
});
