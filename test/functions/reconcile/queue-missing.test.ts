import { describe, expect, test } from 'vitest';
import { queueMissing } from '../../../functions/reconcile/queue-missing.ts';
import type { MissingRecording } from '../../../functions/shared/call-log/find-missing.ts';
import { ArchiveError } from '../../../functions/shared/errors.ts';
import { captureLog } from '../capture-log.ts';

const NOW = Date.UTC(2026, 4, 17, 9, 30);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const logLines = captureLog();

/** A recording whose call ended `endedMinutesAgo`. */
function missing(
  recording: string,
  endedMinutesAgo?: number,
  markers: Partial<MissingRecording> = {},
): MissingRecording {
  const endedAt = endedMinutesAgo && new Date(NOW - endedMinutesAgo * MINUTE_MS).toISOString();
  const job = {
    version: 1 as const,
    pbx: 'hq',
    recording,
    call: { callId: '1.1', talkSeconds: '60' },
    reportedAt: new Date(NOW).toISOString(),
  };
  return { job: { ...job, ...(endedAt && { endedAt }) }, queuedAt: undefined, ended: undefined, ...markers };
}

function startQueue(signal = new AbortController().signal, discoverEveryMinutes?: number) {
  const steps: string[] = [];
  return {
    steps,
    queue: (recordings: MissingRecording[], failing?: string) =>
      queueMissing(recordings, {
        send: async ({ recording }) => {
          if (recording === failing) throw new Error('SQS is out of order');
          steps.push(`sent ${recording}`);
        },
        markers: {
          markQueued: async ({ pbx, recording }) => {
            steps.push(`noted ${pbx} ${recording}`);
          },
        },
        now: () => NOW,
        signal,
        discoverEveryMinutes,
      }),
  };
}

describe('a missing recording', () => {
  test('is queued and then marked as queued', async () => {
    const { queue, steps } = startQueue();
    expect(await queue([missing('a.wav', 60)])).toEqual({
      queued: 1,
      waiting: 0,
      ended: 0,
      oldestMissingMs: HOUR_MS,
      oldestUnqueuedMs: 0,
    });
    expect(steps).toEqual(['sent a.wav', 'noted hq a.wav']);
    expect(logLines).toEqual([
      { level: 'info', event: 'missing-recording-queued', pbx: 'hq', callId: '1.1', recording: 'a.wav' },
    ]);
  });

  test('of a call that nobody answered says so in the log, for the metrics', async () => {
    const { queue } = startQueue();
    const unanswered = missing('a.wav', 60);
    unanswered.job.call = { callId: '1.2', status: 'NO ANSWER', talkSeconds: '0' };
    await queue([unanswered]);
    expect(logLines).toMatchObject([{ event: 'missing-recording-queued', callId: '1.2', unanswered: true }]);
  });

  test('of a PBX that cannot report its calls is queued half a minute after its end', async () => {
    const { queue, steps } = startQueue(undefined, 5);
    const recordings = [missing('writing.wav', 0.4), missing('ended.wav', 0.6)];
    expect(await queue(recordings)).toMatchObject({ queued: 1, waiting: 1 });
    expect(steps).toEqual(['sent ended.wav', 'noted hq ended.wav']);
  });

  test.each([
    ['whose call has just ended', missing('a.wav', 9.9)],
    ['whose call ends in a minute, because the clock of the PBX is fast', missing('a.wav', -1)],
    ['whose job may still be in the queue', missing('a.wav', 6000, { queuedAt: NOW - 335.9 * HOUR_MS })],
  ])('%s waits', async (_, recording) => {
    const { queue, steps } = startQueue();
    expect(await queue([recording])).toMatchObject({ queued: 0, waiting: 1 });
    expect(steps).toEqual([]);
  });

  test.each([
    ['whose call ended ten minutes ago', missing('a.wav', 10)],
    ['whose call ends in ten minutes, because the clock of the PBX is fast', missing('a.wav', -10)],
    ['whose call ended at an unknown time', missing('a.wav')],
    ['whose job SQS has deleted after 14 days', missing('a.wav', 6000, { queuedAt: NOW - 336 * HOUR_MS })],
  ])('%s is queued', async (_, recording) => {
    expect(await startQueue().queue([recording])).toMatchObject({ queued: 1, waiting: 0 });
  });

  test('whose talk time the PBX does not list is left to its report for an hour', async () => {
    const untimed = (recording: string, endedMinutesAgo: number) => {
      const { job, ...rest } = missing(recording, endedMinutesAgo);
      return { job: { ...job, call: { callId: '1.1' } }, ...rest };
    };
    const { queue, steps } = startQueue();
    const recordings = [untimed('writing.wav', 59.5), untimed('later.wav', 20), untimed('ended.wav', 60)];
    const oldestUnqueuedMs = 59.5 * MINUTE_MS;
    expect(await queue(recordings)).toMatchObject({ queued: 1, waiting: 2, oldestUnqueuedMs });
    expect(steps).toEqual(['sent ended.wav', 'noted hq ended.wav']);
  });

  test.each(['ended', 'lost', 'erased'] as const)(
    'that nobody waits for is counted and left alone: %s',
    async (ended) => {
      const { queue, steps } = startQueue();
      const counts = { queued: 0, waiting: 0, ended: 1, oldestMissingMs: 0, oldestUnqueuedMs: 0 };
      expect(await queue([missing('a.wav', 6000, { ended, queuedAt: NOW - 400 * HOUR_MS })])).toEqual(counts);
      expect(steps).toEqual([]);
    },
  );

  test('counts for the age of the oldest one, queued or waiting, unless nobody waits for it', async () => {
    const { queue } = startQueue();
    const waiting = missing('b.wav', 120, { queuedAt: NOW - HOUR_MS });
    const recordings = [
      missing('a.wav', 60),
      waiting,
      missing('c.wav', 6000, { ended: 'lost' }),
      missing('d.wav'),
    ];
    expect(await queue(recordings)).toMatchObject({ oldestMissingMs: 2 * HOUR_MS });
    expect(await queue([missing('a.wav', -60)])).toMatchObject({ oldestMissingMs: 0 });
  });
});

test('nothing is done when nothing is missing', async () => {
  expect(await startQueue().queue([])).toEqual({
    queued: 0,
    waiting: 0,
    ended: 0,
    oldestMissingMs: 0,
    oldestUnqueuedMs: 0,
  });
});

test('a job that could not be sent is not marked as queued, and the run fails', async () => {
  const { queue, steps } = startQueue();
  await expect(queue([missing('a.wav', 60)], 'a.wav')).rejects.toThrow('out of order');
  expect(steps).toEqual([]);
});

test('no more jobs are sent after time has run out', async () => {
  const reason = new ArchiveError('deadline', 'The function ran out of time.');
  const { queue, steps } = startQueue(AbortSignal.abort(reason));
  await expect(queue([missing('a.wav', 60)])).rejects.toBe(reason);
  expect(steps).toEqual([]);
});
