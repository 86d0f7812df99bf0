import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { pbxSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { markerKey } from '../../../../functions/shared/recordings/markers.ts';
import { recordingKey } from '../../../../functions/shared/recordings/recording-name.ts';
import { type EraseDeps, erase } from '../../../../infra/commands/erase/erase.ts';
import { useSqs } from '../../../functions/aws-services.ts';
import {
  exampleEvent,
  exampleEventKey,
  exampleJob,
  makeDeadLetter,
  undeliveredEvent,
} from '../dead-letters/example-dead-letter.ts';
import { type Lock, startVersionedS3 } from './versioned-s3.ts';

const PBX = 'head-office';
const RECORDING = '20170914092747-1505352445.265-102-1000-Inbound.wav';
const KEY = recordingKey(PBX, RECORDING);
const MARKER = markerKey('erased', PBX, RECORDING);
const UNTIL = '2030-01-01T00:00:00.000Z';
const RETENTION: Lock = {
  'x-amz-object-lock-mode': 'COMPLIANCE',
  'x-amz-object-lock-retain-until-date': UNTIL,
};

const { createQueue } = await useSqs();
const queueUrl = createQueue('Archive-head-office');
const sqs = new SQSClient();
const headOffice = v.parse(pbxSchema, {
  baseUrl: 'https://192.0.2.1:8088',
  reportUrl: 'https://{host}',
  credentialsSecret: 'pbx/head-office',
  sessionSecret: 'session/head-office',
  queueName: 'Archive-head-office',
});

async function startArchive() {
  const bucket = await startVersionedS3();
  async function run(changes: Partial<EraseDeps> = {}, pbx = PBX, recording = RECORDING) {
    const [shown, printed]: [string[], string[]] = [[], []];
    const isGone = await erase(pbx, recording, {
      name: 'the stack Archive in eu-central-1',
      bucket: 'recordings',
      registry: { [PBX]: headOffice },
      queueUrlBase: queueUrl.slice(0, queueUrl.lastIndexOf('/') + 1),
      s3: bucket.s3,
      sqs,
      deadLetters: [],
      remove: () => Promise.reject(new Error('There is no dead letter to remove.')),
      eventKey: exampleEventKey,
      index: undefined,
      access: undefined,
      by: { user: 'alice', host: 'desk', accessKeyId: 'AKIA' },
      confirm: async () => true,
      now: () => Date.UTC(2026, 10, 26, 16),
      show: (line) => shown.push(line),
      print: (line) => printed.push(line),
      ...changes,
    });
    return { isGone, shown: shown.join('\n'), evidence: printed.map((line) => JSON.parse(line)) };
  }
  return { ...bucket, run };
}

describe('in a bucket with versions', () => {
  test('all versions and delete markers go, and one line of evidence is printed', async () => {
    const { objects, add, run } = await startArchive();
    for (const isDeleteMarker of [false, false, true, false, true]) add(KEY, { isDeleteMarker });
    add(KEY.replace('.wav', '~0a1b2c3d.wav'));
    add(markerKey('lost', PBX, RECORDING));
    const { isGone, evidence } = await run();
    expect([...objects.keys()]).toEqual([MARKER]);
    expect(evidence).toEqual([
      {
        time: '2026-11-26T16:00:00.000Z',
        archive: 'the stack Archive in eu-central-1',
        pbx: PBX,
        recording: RECORDING,
        // printf %s RECORDING | sha256sum
        recordingSha256: '4885c11a0b97e6696ddd85c3534daf52da60b9aa5b9ed297ebf42861a22a0345',
        versionsDeleted: 5,
        versionsKept: [],
        deadLettersDeleted: 0,
        sharesDeleted: 0,
        accessRowsPseudonymized: 0,
        by: { user: 'alice', host: 'desk', accessKeyId: 'AKIA' },
      },
    ]);
    expect(isGone).toBe(true);
  });

  test('a recording whose name is not safe in a key is erased under its true name', async () => {
    const { objects, add, run } = await startArchive();
    const name = '..\\20170914 a+b/\t%2F.wav';
    add(recordingKey(PBX, name));
    add(recordingKey(PBX, name).replace('.wav', '~0a1b2c3d.wav'));
    const { isGone, evidence } = await run({}, PBX, name);
    expect({ isGone, evidence }).toMatchObject({
      isGone: true,
      evidence: [{ recording: name, versionsDeleted: 2 }],
    });
    expect([...objects.keys()]).toEqual([markerKey('erased', PBX, name)]);
  });

  test('the marker is written before anything is deleted, and the oldest version goes first', async () => {
    const { writes, add, run } = await startArchive();
    const [first, second] = [add(KEY), add(KEY)];
    await run();
    expect(writes).toEqual([`PUT ${MARKER}`, `DELETE ${KEY} ${first}`, `DELETE ${KEY} ${second}`]);
  });

  test('other recordings stay, however similar their names are', async () => {
    const { objects, add, run } = await startArchive();
    add(KEY);
    const others = [
      recordingKey('branch', RECORDING),
      recordingKey(PBX, `${RECORDING}.wav`),
      KEY.replace('.wav', '~0a1b2c3.wav'),
      KEY.replace('.wav', '~0A1B2C3D.wav'),
      KEY.replace('.wav', '~0a1b2c3d.gsm'),
      KEY.replace('.wav', '.gsm'),
      KEY.replace('.wav', '1.wav'),
    ];
    for (const other of others) add(other);
    expect(await run()).toMatchObject({ isGone: true });
    expect([...objects.keys()].sort()).toEqual([...others, MARKER].sort());
  });

  test.each<[string, Lock, object, string]>([
    [
      'a retention period',
      RETENTION,
      { lockedUntil: UNTIL, lockMode: 'COMPLIANCE' },
      `locked until ${UNTIL} (COMPLIANCE)`,
    ],
    ['a legal hold', { 'x-amz-object-lock-legal-hold': 'ON' }, { hasLegalHold: true }, 'under a legal hold'],
    [
      'both',
      { ...RETENTION, 'x-amz-object-lock-legal-hold': 'ON' },
      { lockedUntil: UNTIL, lockMode: 'COMPLIANCE', hasLegalHold: true },
      `locked until ${UNTIL} (COMPLIANCE) and under a legal hold`,
    ],
  ])('a version with %s stays, hidden from links, and is listed', async (_, lock, described, sentence) => {
    const { objects, add, run } = await startArchive();
    const locked = add(KEY, { isDeleteMarker: false, lock });
    add(KEY);
    const { isGone, shown, evidence } = await run();
    expect(isGone).toBe(false);
    expect(evidence).toMatchObject([
      { versionsDeleted: 1, versionsKept: [{ key: KEY, versionId: locked, ...described }] },
    ]);
    expect(shown).toContain(`version ${locked}: ${sentence}`);
    expect(objects.get(KEY)).toMatchObject([{ isDeleteMarker: true }, { id: locked }]);

    // Again, while the lock lasts.
    expect(await run()).toMatchObject({ isGone: false });
    expect(objects.get(KEY)).toMatchObject([{ isDeleteMarker: true }, { id: locked }]);
  });

  test('nothing is changed unless the user confirms', async () => {
    const { writes, add, run } = await startArchive();
    add(KEY);
    const asked: string[] = [];
    const confirm = async (recording: string) => {
      asked.push(recording);
      return false;
    };
    expect(await run({ confirm })).toMatchObject({ isGone: false, evidence: [] });
    expect(asked).toEqual([RECORDING]);
    expect(writes).toEqual([]);
  });

  test('a name that does not exist is an error, and nothing is changed', async () => {
    const { writes, add, run } = await startArchive();
    add(KEY.replace('Inbound', 'Internal'));
    const { isGone, shown, evidence } = await run();
    expect({ isGone, evidence, writes }).toEqual({ isGone: false, evidence: [], writes: [] });
    expect(shown).toContain('There is no recording of this name of head-office');
  });

  test('a recording that is erased already is none', async () => {
    const { add, run } = await startArchive();
    add(MARKER);
    const { isGone, shown, evidence } = await run();
    expect({ isGone, evidence }).toEqual({ isGone: true, evidence: [] });
    expect(shown).toContain('Nothing is left to erase');
  });

  test('a recording of a PBX that is no longer configured is erased as well', async () => {
    const { objects, add, run } = await startArchive();
    add(recordingKey('closed-branch', RECORDING));
    expect(await run({}, 'closed-branch')).toMatchObject({ isGone: true });
    expect([...objects.keys()]).toEqual([markerKey('erased', 'closed-branch', RECORDING)]);
  });
});

test('jobs, reports and events in the dead-letter queues go if they are of this PBX and name the recording', async () => {
  const { run } = await startArchive();
  const letter = (id: string, body: object) => ({ ...makeDeadLetter(body), id });
  const report = (recording: string) => JSON.stringify({ action: 'NewCdr', recording });
  /** As a P-Series sends it. */
  const nested = (recording: string) => JSON.stringify({ type: 30012, msg: JSON.stringify({ recording }) });
  const reportedAt = exampleJob.reportedAt;
  const deadLetters = [
    letter('job', exampleJob),
    letter('other-job', { ...exampleJob, recording: `1${RECORDING}` }),
    letter('other-pbx', { ...exampleJob, pbx: 'branch' }),
    letter('report', { version: 1, pbx: PBX, report: report(RECORDING), reportedAt }),
    letter('nested-report', { version: 1, pbx: PBX, report: nested(RECORDING), reportedAt }),
    letter('event', exampleEvent),
    letter('undelivered', undeliveredEvent),
    letter('other-undelivered', {
      ...undeliveredEvent,
      detail: { ...undeliveredEvent.detail, recordingId: '1' },
    }),
    letter('other-event', { ...exampleEvent, detail: { object: { key: KEY.replace('.wav', '1.wav') } } }),
    letter('other-report', { version: 1, pbx: PBX, report: report(`1${RECORDING}`), reportedAt }),
    letter('other-nested', { version: 1, pbx: PBX, report: nested(`1${RECORDING}`), reportedAt }),
  ];
  const removed: string[] = [];
  const remove: EraseDeps['remove'] = async ({ id }) => void removed.push(id);
  const { evidence } = await run({ deadLetters, remove });
  expect(removed).toEqual(['job', 'report', 'nested-report', 'event', 'undelivered']);
  expect(evidence).toMatchObject([{ versionsDeleted: 0, deadLettersDeleted: 5 }]);
});

test('jobs in the queue of the PBX are pointed out, because one of them may archive the recording again', async () => {
  const { add, run } = await startArchive();
  add(KEY);
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(exampleJob) }));
  expect((await run()).shown).toContain('1 job of head-office in the queue.');
});
