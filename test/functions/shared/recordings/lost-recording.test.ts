import { describe, expect, test } from 'vitest';
import { captureLog } from '../../capture-log.ts';
import { startArchiveHarness } from './archive-harness.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CALL = { from: '1001', to: '1003' } as const;

const logLines = captureLog();
const losses = () => logLines.filter(({ event }) => event === 'recording-lost');

/** A PBX, and deliveries of one job with the delays that the archive asks for, until it has ended. */
async function startPbx() {
  const harness = await startArchiveHarness();
  const { clock, deliver, nextJob, sent, retryDelays } = harness;
  return {
    ...harness,
    async deliverToTheEnd(job: Parameters<typeof deliver>[0], untilMs = clock.now + 5 * DAY_MS) {
      for (let attempt = 1; clock.now < untilMs; attempt += 1) {
        const [requeued, retried] = [sent.length, retryDelays.length];
        if (await deliver(nextJob(job), attempt)) {
          if (sent.length === requeued) return;
          attempt = 0;
        }
        const delay = retryDelays.length > retried ? retryDelays.at(-1) : sent.at(-1)?.delaySeconds;
        clock.now += 1000 * (delay ?? 0);
      }
    },
  };
}

describe.each(['20014', '20012'] as const)('a recording for which the PBX responds with %s', (errno) => {
  test('is lost after a day, while the PBX delivers others: marked, counted and dead-lettered once', async () => {
    const { pbx, clock, bucket, jobFor, deliver, deliverToTheEnd, deadLetters } = await startPbx();
    const call = pbx.makeCall(CALL);
    const job = jobFor(call);
    pbx.deleteRecording(call.recording, errno);
    const since = clock.now;
    await deliverToTheEnd(job, since + 20 * HOUR_MS);
    // Four responses have to count, in four different hours.
    for (let hour = 1; losses().length === 0; hour += 1) {
      await deliver(jobFor(pbx.makeCall(CALL)));
      await deliverToTheEnd(job, since + (20 + hour) * HOUR_MS);
    }
    expect(clock.now - since).toBeGreaterThanOrEqual(23 * HOUR_MS);
    expect(clock.now - since).toBeLessThanOrEqual(25 * HOUR_MS);
    expect(losses()).toMatchObject([{ pbx: 'test', callId: call.callId, code: `pbx-${errno}` }]);
    expect(await bucket.keys()).toContain(`reconciliation/ended/test/2024/05/17/${call.recording}`);
    expect(deadLetters).toMatchObject([{ pbx: 'test', error: { code: `pbx-${errno}` } }]);
    expect(JSON.parse(deadLetters[0]?.body ?? '')).toEqual(job);
  });

  test('is not lost because of what the PBX delivered before its storage went away', async () => {
    const { pbx, clock, jobFor, deliver, deliverToTheEnd, deadLetters, bucket } = await startPbx();
    const call = pbx.makeCall(CALL);
    const job = jobFor(call);
    const since = clock.now;
    // Its file is not ready yet.
    pbx.takeStorageAway(errno);
    await deliverToTheEnd(job, since + HOUR_MS / 2);
    pbx.returnStorage();
    const other = pbx.makeCall(CALL);
    clock.now += HOUR_MS / 2;
    await deliver(jobFor(other));
    pbx.takeStorageAway(errno);
    await deliverToTheEnd(job, since + 2 * DAY_MS);
    expect([losses(), deadLetters]).toEqual([[], []]);
    pbx.returnStorage();
    await deliverToTheEnd(job);
    expect(await bucket.keys()).toContain(`recordings/test/2024/05/17/${call.recording}`);
  });

  test('is not lost at once, however long ago its call was', async () => {
    const { pbx, jobFor, deliver, deadLetters, delays } = await startPbx();
    const call = pbx.makeCall(CALL);
    pbx.deleteRecording(call.recording, errno);
    await deliver({ ...jobFor(call), endedAt: '2024-04-16T09:29:59.000Z' });
    expect([losses(), deadLetters, delays()]).toEqual([[], [], [5]]);
  });

  test('is not lost when a copy of its job archived it before', async () => {
    const { pbx, jobFor, deliver, deadLetters } = await startPbx();
    const call = pbx.makeCall(CALL);
    expect(await deliver(jobFor(call))).toBe(true);
    pbx.deleteRecording(call.recording, errno);
    expect(await deliver({ ...jobFor(call), endedAt: '2024-05-16T09:29:59.000Z' })).toBe(true);
    expect([deadLetters, losses()]).toEqual([[], []]);
    expect(logLines.at(-1)).toMatchObject({ event: 'already-archived', recording: call.recording });
  });

  test('is not lost when its report is repeated after it was archived', async () => {
    const { pbx, clock, jobFor, deliver, deliverToTheEnd, deadLetters } = await startPbx();
    const call = pbx.makeCall(CALL);
    await deliver(jobFor(call));
    pbx.deleteRecording(call.recording, errno);
    clock.now += HOUR_MS;
    await deliverToTheEnd(jobFor(call));
    expect([deadLetters, losses()]).toEqual([[], []]);
    expect(logLines.at(-1)).toMatchObject({ event: 'already-archived', recording: call.recording });
  });

  test('is lost although the archive has an older recording of the same name', async () => {
    const { pbx, clock, jobFor, deliver, deliverToTheEnd, deadLetters } = await startPbx();
    const recordingName = 'meeting.wav';
    await deliver(jobFor(pbx.makeCall({ ...CALL, recordingName })));
    clock.now += HOUR_MS;
    const second = pbx.makeCall({ ...CALL, recordingName, talkSeconds: 60 });
    const job = jobFor(second);
    pbx.deleteRecording(recordingName, errno);
    await deliverToTheEnd(job);
    expect(losses()).toMatchObject([{ callId: second.callId }]);
    expect(deadLetters).toMatchObject([{ error: { code: `pbx-${errno}` } }]);
  });
});

test('while the storage of a PBX is away, nothing is lost: calls of three days are archived when it is back', async () => {
  const { pbx, clock, jobFor, deliver, nextJob, sent, deadLetters } = await startPbx();
  const calls = Array.from({ length: 20 }, (_, n) =>
    pbx.makeCall({ ...CALL, startedAt: clock.now - (n % 4) * DAY_MS }),
  );
  for (const call of calls) {
    sent.length = 0;
    pbx.deleteRecording(call.recording, '20014');
    const job = { ...jobFor(call), endedAt: new Date(clock.now - 3 * DAY_MS).toISOString() };
    await deliver(job);
    const waiting = nextJob(job);
    clock.now += HOUR_MS / 2;
    pbx.writeRecording(call.recording, call.bytes);
    expect(await deliver(waiting, 2)).toBe(true);
  }
  expect([losses(), deadLetters]).toEqual([[], []]);
  expect(logLines.filter(({ event }) => event === 'archived')).toHaveLength(20);
});

test('a recording whose random string was refused is not considered lost, however old its call', async () => {
  const { pbx, jobFor, deliver, nextJob, deadLetters } = await startPbx();
  const call = pbx.makeCall({ ...CALL, misbehaviour: { kind: 'random-refused', times: 2 } });
  const job = { ...jobFor(call), endedAt: '2024-05-01T00:00:00.000Z' };
  await deliver(job);
  expect(await deliver(nextJob(job))).toBe(true);
  expect([deadLetters, losses()]).toEqual([[], []]);
  expect(logLines.at(-1)).toMatchObject({ event: 'archived', recording: call.recording });
});

describe('a recording for which every random string is refused at the download', () => {
  const misbehaviour = { kind: 'random-refused', times: Number.POSITIVE_INFINITY } as const;

  test('is lost after a day, while the PBX delivers others', async () => {
    const { pbx, clock, jobFor, deliver, deliverToTheEnd, deadLetters } = await startPbx();
    const call = pbx.makeCall({ ...CALL, misbehaviour });
    const job = jobFor(call);
    const since = clock.now;
    await deliverToTheEnd(job, since + 20 * HOUR_MS);
    for (let hour = 1; losses().length === 0 && hour < 10; hour += 1) {
      await deliver(jobFor(pbx.makeCall(CALL)));
      await deliverToTheEnd(job, since + (20 + hour) * HOUR_MS);
    }
    expect(losses()).toMatchObject([{ callId: call.callId, code: 'pbx-20012' }]);
    expect(deadLetters).toMatchObject([{ error: { code: 'pbx-20012' } }]);
  });

  test('was never made if nobody answered the call', async () => {
    const { pbx, clock, jobFor, deliver, deliverToTheEnd, deadLetters } = await startPbx();
    const { call, ...rest } = jobFor(pbx.makeCall({ ...CALL, misbehaviour, talkSeconds: 0 }));
    const job = { ...rest, call: { ...call, status: 'NO ANSWER' } };
    await deliverToTheEnd(job, clock.now + HOUR_MS);
    await deliver(jobFor(pbx.makeCall(CALL)));
    await deliverToTheEnd(job, clock.now + 2 * HOUR_MS);
    expect(logLines.filter(({ event }) => event === 'not-recorded')).toHaveLength(1);
    expect([losses(), deadLetters]).toEqual([[], []]);
  });
});

test('a recording that is missing is requested once per run', async () => {
  const { pbx, jobFor, deliver } = await startPbx();
  const call = pbx.makeCall(CALL);
  pbx.deleteRecording(call.recording, '20012');
  await deliver(jobFor(call));
  expect(pbx.stats.requests.filter((request) => request.endsWith('/get_random'))).toHaveLength(1);
});
