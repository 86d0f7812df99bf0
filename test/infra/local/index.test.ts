import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDynamoDbClient } from '../../../functions/shared/aws-clients.ts';
import { createIndexTable } from '../../../functions/shared/recording-index/index-table.ts';
import { startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { wav } from '../../functions/shared/recordings/wav.ts';
import { identity } from '../simulated-pbx/harness.ts';
import { logged, startHostOf } from './start-host.ts';
import { makeDirectory } from './start-process.ts';

test('the local host keeps the index up to date, also with what happened while it was not running', async () => {
  const pbx = await startSimulatedPbx({ tls: identity });
  onTestFinished(() => pbx.close());
  const directory = await makeDirectory();
  const folder = join(directory, 's3', 'recordings', 'recordings', 'office', '2026', '01', '15');
  const found = '20260115080000-1768460400.1-1001-1003-Internal.wav';
  await mkdir(join(directory, 's3', '.s3', 'recordings'), { recursive: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, found), wav());

  const repaired = logged('index-repaired');
  const host = await startHostOf(pbx, directory);
  expect(await repaired).toMatchObject({ pbx: 'office', written: 1, deleted: 0 });
  await host.keepSessions();
  const indexed = logged('recording-indexed');
  const { report, recording } = pbx.makeCall({ from: '1001', to: '1003', talkSeconds: 1 });
  await pbx.postReport(report);
  expect(await indexed).toMatchObject({ pbx: 'office', recording, state: 'archived' });

  const table = createIndexTable(createDynamoDbClient(), process.env.INDEX_TABLE ?? '');
  expect(await table.find('office', found)).toMatchObject({ at: '2026-01-15T07:00:00.000Z', from: '1001' });
  expect(await table.find('office', recording)).toMatchObject({ codec: 'pcm', seconds: 1 });
});
