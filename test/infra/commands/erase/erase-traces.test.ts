import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { createAccessLog } from '../../../../functions/shared/access-log/access-log.ts';
import { createDynamoDbClient } from '../../../../functions/shared/aws-clients.ts';
import { ACCESS_TABLE } from '../../../../functions/shared/config/tables.ts';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import { createShareStore } from '../../../../functions/shared/shares/share-store.ts';
import { erase } from '../../../../infra/commands/erase/erase.ts';
import { createAccessTraces } from '../../../../infra/commands/erase/erase-traces.ts';
import { useDynamoDb } from '../../../functions/aws-services.ts';
import { daysLater, exampleShare, NOW } from '../../../functions/shared/shares/example-share.ts';
import { startVersionedS3 } from './versioned-s3.ts';

const PBX = 'hq';
const RECORDING = '20170914092747-1505352445.265-102-1000-Inbound.wav';
// printf %s RECORDING | sha256sum
const ERASED = 'erased:4885c11a0b97e6696ddd85c3534daf52da60b9aa5b9ed297ebf42861a22a0345';
const BESIDE = RECORDING.replace('.wav', '~0a1b2c3d.wav');
const OTHER = RECORDING.replace('.265-', '.266-');

await useDynamoDb({ access: ACCESS_TABLE });
const dynamoDb = createDynamoDbClient();
let now = NOW;
const shares = createShareStore(dynamoDb, 'access', () => now);
const log = createAccessLog(dynamoDb, {
  table: 'access',
  days: 400,
  now: () => now,
  publish: async () => {},
});

async function addShare(recording: string) {
  const share = exampleShare({ pbx: PBX, recording, note: 'For Mr 102' });
  await shares.create(share, daysLater(400));
  return share.id;
}
async function addAccess(recording: string, person: string) {
  now += 1000;
  await log.add({ kind: 'link-created', pbx: PBX, recording, person, by: 'session', address: '192.0.2.7' });
}
const rowsOf = async (recording: string) => (await log.ofRecording(PBX, recording, { limit: 100 })).items;
const scan = async () => (await dynamoDb.send(new ScanCommand({ TableName: 'access' }))).Items ?? [];

async function run(...names: string[]) {
  const { s3, add } = await startVersionedS3();
  for (const name of names) add(recordingKey(PBX, name));
  const [shown, printed]: [string[], string[]] = [[], []];
  const isGone = await erase(PBX, RECORDING, {
    name: 'the archive',
    bucket: 'recordings',
    registry: {},
    queueUrlBase: '',
    s3,
    // A PBX that is not configured has no queue.
    sqs: undefined as never,
    deadLetters: [],
    remove: () => Promise.reject(new Error('There is no dead letter to remove.')),
    eventKey: undefined,
    index: undefined,
    access: createAccessTraces(dynamoDb, 'access'),
    by: {},
    confirm: async () => true,
    now: () => now,
    show: (line) => shown.push(line),
    print: (line) => printed.push(line),
  });
  return { isGone, shown, evidence: printed.map((line) => JSON.parse(line)) };
}

test('shares of an erased recording have ended, and the access log has its digest instead of its name', async () => {
  const id = await addShare(RECORDING);
  const idOfOther = await addShare(OTHER);
  await addAccess(RECORDING, 'Ada');
  await addAccess(RECORDING, 'Grace');
  await addAccess(BESIDE, 'Ada');
  await addAccess(OTHER, 'Ada');
  const before = await rowsOf(RECORDING);
  const rowsBefore = await scan();

  const { isGone, shown, evidence } = await run(RECORDING, BESIDE);
  expect(isGone).toBe(true);
  expect(shown).toContain('  1 share, deleted');
  expect(shown).toContain(
    '  3 rows of the access log, kept with the SHA-256 of the name instead of the name',
  );
  expect(evidence).toMatchObject([{ versionsDeleted: 2, sharesDeleted: 1, accessRowsPseudonymized: 3 }]);

  expect(await shares.find(id)).toBeUndefined();
  expect(await rowsOf(RECORDING)).toEqual([]);
  expect(await rowsOf(ERASED)).toEqual(before.map((row) => ({ ...row, recording: ERASED })));
  const ofAda = (await log.ofPerson('Ada', { limit: 100 })).items.map(({ recording }) => recording);
  expect(ofAda).toEqual([OTHER, expect.stringMatching(/^erased:[0-9a-f]{64}$/), ERASED]);
  const left = await scan();
  expect(left).toHaveLength(rowsBefore.length - 1);
  // What all names of the erased recording have in common.
  expect(JSON.stringify(left)).not.toContain('1505352445.265');
  // They are kept as long as before.
  const endsOf = (rows: Record<string, unknown>[]) =>
    rows.flatMap(({ sk, expiresAt }) => (String(sk).startsWith('access#') ? [expiresAt] : [])).sort();
  expect(endsOf(left)).toEqual(endsOf(rowsBefore));

  expect(await shares.find(idOfOther)).toMatchObject({ recording: OTHER });
  expect(await rowsOf(OTHER)).toHaveLength(1);
});

test('rows of a recording that is gone already lose its name, and a run that was interrupted is completed', async () => {
  await addAccess(RECORDING, 'Edith');
  const [written] = (await scan()).filter(({ person }) => person === 'Edith');
  // The interrupted run has written the new row, and not yet deleted the old one.
  const rewritten = { ...written, pk: `recording#${PBX}#${ERASED}`, recording: ERASED };
  await dynamoDb.send(new PutCommand({ TableName: 'access', Item: rewritten }));

  expect((await run()).evidence).toMatchObject([{ versionsDeleted: 0, accessRowsPseudonymized: 1 }]);
  expect((await scan()).filter(({ person }) => person === 'Edith')).toEqual([rewritten]);
  const { shown, evidence } = await run();
  expect({ shown, evidence }).toEqual({
    shown: [expect.stringContaining('There is no recording of this name')],
    evidence: [],
  });
});
