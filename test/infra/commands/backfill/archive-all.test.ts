import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import type { Job } from '../../../../functions/shared/jobs/job.ts';
import { archiveAll, type Outcome, type Postponed } from '../../../../infra/commands/backfill/archive-all.ts';
import { exampleJob } from '../dead-letters/example-dead-letter.ts';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 26, 12);

/** Runs jobs of these names with a clock that only a wait advances. */
async function run(names: string[], archive: (name: string, now: number) => number) {
  let now = START;
  const tried: string[] = [];
  const done: [name: string, outcome: number | string][] = [];
  const waits: Postponed[] = [];
  const stop = new AbortController();
  await archiveAll(
    names.map((recording): Job => ({ ...exampleJob, recording })),
    {
      archive: async ({ recording }) => {
        tried.push(recording);
        return archive(recording, now);
      },
      concurrency: 1,
      stop,
      onDone: ({ recording }, outcome: Outcome) =>
        done.push([recording, 'bytes' in outcome ? outcome.bytes : outcome.error.code]),
      onWait: (postponed) => waits.push(postponed),
      now: () => now,
      wait: async (ms) => {
        now += ms;
      },
    },
  );
  return { tried, done, waits, stop, now };
}

const fail = (code: string, notBefore?: number) => {
  throw new ArchiveError(code, `It is ${code}.`, { notBefore });
};

describe('a recording whose next attempt cannot succeed before a certain time', () => {
  test('is tried again at that time, after the others', async () => {
    const { tried, done, waits, now } = await run(['growing', 'a', 'b'], (name, time) =>
      name === 'growing' && time === START ? fail('unfinished', START + 2 * MINUTE_MS) : 7,
    );
    expect(tried).toEqual(['growing', 'a', 'b', 'growing']);
    expect(done).toEqual([
      ['a', 7],
      ['b', 7],
      ['growing', 7],
    ]);
    expect(waits).toEqual([
      { count: 1, until: START + 2 * MINUTE_MS, reason: expect.objectContaining({ code: 'unfinished' }) },
    ]);
    expect(now).toBe(START + 2 * MINUTE_MS);
  });

  test('is tried again when the last of several times has come, all of them together', async () => {
    const { tried, waits } = await run(['a', 'b'], (name, time) =>
      time === START ? fail('unfinished', START + (name === 'a' ? 3 : 1) * MINUTE_MS) : 7,
    );
    expect(tried).toEqual(['a', 'b', 'a', 'b']);
    expect(waits).toMatchObject([{ count: 2, until: START + 3 * MINUTE_MS }]);
  });

  test('has failed after the fourth attempt', async () => {
    const { tried, done } = await run(['a'], (_, time) => fail('unfinished', time + MINUTE_MS));
    expect(tried).toHaveLength(4);
    expect(done).toEqual([['a', 'unfinished']]);
  });

  test('has failed at once if nobody would wait that long', async () => {
    const { tried, done, waits } = await run(['a'], () => fail('unfinished', START + 61 * MINUTE_MS));
    expect(tried).toEqual(['a']);
    expect(done).toEqual([['a', 'unfinished']]);
    expect(waits).toEqual([]);
  });
});

describe('a recording for which the PBX is busy, because it prepares one download at a time,', () => {
  const busy = () => {
    throw new ArchiveError('pbx-70651', 'It is preparing another download.', { kind: 'busy' });
  };

  test('is tried until it is ready, before the others, and has not failed', async () => {
    const { tried, done } = await run(['a', 'b'], (_, time) => (time < START + MINUTE_MS ? busy() : 7));
    expect(tried.slice(-2)).toEqual(['a', 'b']);
    expect(new Set(tried.slice(0, -1))).toEqual(new Set(['a']));
    expect(done).toEqual([
      ['a', 7],
      ['b', 7],
    ]);
  });

  test('has failed if that lasts longer than anybody would wait', async () => {
    const { done, now } = await run(['a'], busy);
    expect(done).toEqual([['a', 'pbx-70651']]);
    expect(now).toBe(START + 10 * MINUTE_MS);
  });
});

test('a recording that fails for another reason is tried once', async () => {
  const { tried, done } = await run(['a', 'b'], (name) => (name === 'a' ? fail('not-a-recording') : 7));
  expect(tried).toEqual(['a', 'b']);
  expect(done).toEqual([
    ['a', 'not-a-recording'],
    ['b', 7],
  ]);
});

test.each(['pbx-connection', 'too-slow', 'deadline'])(
  'the run ends after five recordings in a row with %s, but not after four',
  async (code) => {
    const names = Array.from({ length: 12 }, (_, index) => String(index));
    const { tried, stop } = await run(names, (name) => (name === '4' ? 7 : fail(code)));
    expect(tried).toHaveLength(10);
    expect(stop.signal.reason).toMatchObject({ code });
  },
);

test('a refused login ends the run, although it says when another one is allowed', async () => {
  const { tried, stop } = await run(['a', 'b'], () => {
    throw new ArchiveError('pbx-20002', 'Locked out.', { kind: 'login-held', notBefore: START + MINUTE_MS });
  });
  expect(tried).toEqual(['a']);
  expect(stop.signal.reason).toMatchObject({ code: 'pbx-20002' });
});
