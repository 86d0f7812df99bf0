import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  type AccessLog,
  accessCursorSchema,
  createAccessLog,
} from '../../../../functions/shared/access-log/access-log.ts';
import type { Access } from '../../../../functions/shared/api/contract.ts';
import { createDynamoDbClient } from '../../../../functions/shared/aws-clients.ts';
import { TIMEOUT_SECONDS } from '../../../../functions/shared/config/limits.ts';
import { ACCESS_TABLE } from '../../../../functions/shared/config/tables.ts';
import { useDynamoDb } from '../../aws-services.ts';
import { captureLog } from '../../capture-log.ts';

await useDynamoDb({ access: ACCESS_TABLE });
const lines = captureLog();
const START = Date.parse('2026-11-26T12:00:00.000Z');
const DAY_MS = 24 * 60 * 60 * 1000;
let now = START;
const options = { table: 'access', days: 400, now: () => now, publish: async () => {} };
const accessLog = createAccessLog(createDynamoDbClient(), options);

const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const link: Omit<Access, 'at'> = {
  kind: 'link-created',
  pbx: 'hq',
  recording: RECORDING,
  person: 'Ada',
  by: 'session',
  address: '192.0.2.7',
};

async function readAll(
  read: (page: Parameters<AccessLog['ofPerson']>[1]) => ReturnType<AccessLog['ofPerson']>,
  limit: number,
) {
  const rows: Access[] = [];
  let cursor: string | undefined;
  do {
    const page = await read({ limit, before: v.parse(accessCursorSchema, cursor) });
    rows.push(...page.items);
    ({ cursor } = page);
  } while (cursor !== undefined);
  return rows;
}

test('rows are found by recording and by person, newest first and page by page', async () => {
  const rows: Access[] = [];
  for (let n = 0; n < 7; n++) {
    // Several at one time, as they happen at once in two functions.
    now = START + 1000 * Math.floor(n / 3);
    await accessLog.add({ ...link, kind: 'played', seconds: n });
    await accessLog.add({ ...link, pbx: 'warehouse', person: 'Bob' });
    rows.unshift({ ...link, at: new Date(now).toISOString(), kind: 'played', seconds: n });
  }
  const bySeconds = (a: Access, b: Access) => Number(b.seconds) - Number(a.seconds);
  for (const limit of [1, 2, 5, 100]) {
    const ofRecording = await readAll((page) => accessLog.ofRecording('hq', RECORDING, page), limit);
    expect(ofRecording.map(({ at }) => at)).toEqual(rows.map(({ at }) => at));
    expect(ofRecording.sort(bySeconds)).toEqual(rows);
    expect((await readAll((page) => accessLog.ofPerson('Ada', page), limit)).sort(bySeconds)).toEqual(rows);
    expect(await readAll((page) => accessLog.ofPerson('Bob', page), limit)).toHaveLength(7);
  }
});

test('a row is not shown any longer than configured, even while DynamoDB still has it', async () => {
  now = START;
  await accessLog.add({ ...link, person: 'Carol' });
  now = START + 400 * DAY_MS - 1000;
  expect((await accessLog.ofPerson('Carol', { limit: 10 })).items).toHaveLength(1);
  now = START + 400 * DAY_MS;
  expect((await accessLog.ofPerson('Carol', { limit: 10 })).items).toEqual([]);
});

test('a row that cannot be written does not fail what it is about, and the log says so without the person', async () => {
  const broken = createAccessLog(createDynamoDbClient(), { ...options, table: 'missing' });
  await broken.add(link);
  expect(lines).toEqual([
    {
      level: 'error',
      event: 'access-not-logged',
      kind: 'link-created',
      pbx: 'hq',
      recording: RECORDING,
      by: 'session',
      code: 'ResourceNotFoundException',
    },
  ]);
});

test.each(['', 'zzz', Buffer.from('share#2026').toString('base64url'), 'a'.repeat(401)])(
  'a cursor that is none is refused: %s',
  (cursor) => {
    expect(v.safeParse(accessCursorSchema, cursor).success).toBe(false);
  },
);

test('a row that DynamoDB keeps waiting for does not hold up what it is about for long', async () => {
  // The limit ends as soon as the request has arrived, which is never responded to.
  const limit = new AbortController();
  const setLimit = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
  const server = createServer(() => limit.abort()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  await createAccessLog(createDynamoDbClient(), options).add(link);
  expect(lines).toMatchObject([{ event: 'access-not-logged', code: 'AbortError' }]);
  // What the row is about needs the rest of the time that the functions have.
  const [[limitMs] = []] = setLimit.mock.calls;
  const shortest = Math.min(TIMEOUT_SECONDS['recording-link'], TIMEOUT_SECONDS['archive-api']);
  expect(limitMs).toBeLessThanOrEqual((1000 * shortest) / 4);
});
