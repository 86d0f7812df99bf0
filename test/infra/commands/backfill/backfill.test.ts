import { describe, expect, test } from 'vitest';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';
import { useS3 } from '../../../functions/aws-services.ts';
import { captureLog } from '../../../functions/capture-log.ts';
import { longWav, MiB } from '../../../functions/shared/recordings/long-call-harness.ts';
import { wav } from '../../../functions/shared/recordings/wav.ts';
import { startBackfillHarness } from './backfill-harness.ts';

const HOUR_MS = 60 * 60_000;

await useS3();
const logLines = captureLog();
const s3 = createS3Client();

test('the PBX is asked again for recordings whose jobs have ended without them', async () => {
  const { pbx, calls, run, mark } = await startBackfillHarness(s3, 5);
  await mark('ended', calls[1]);
  await mark('ended', calls[2]);
  await mark('lost', calls[3]);
  const { isDone, output } = await run();
  expect(output).toContain('5 recordings: 0 archived, 5 missing (3 of these given up before)');
  expect(output).toContain('5 recordings archived');
  expect(isDone).toBe(true);
  expect(pbx.stats.downloads).toBe(5);
});

test('the last line says how many recordings the PBX does not have, and the run counts as failed', async () => {
  const { pbx, calls, run, mark } = await startBackfillHarness(s3, 3);
  const [gone, deleted] = calls;
  await mark('ended', gone);
  for (const call of [gone, deleted]) pbx.misbehave(call?.recording ?? '', { kind: 'deleted' });
  const { isDone, output, lastLine } = await run();
  expect(output).toContain('1 recording archived');
  expect(lastLine).toBe(
    '2 recordings failed; 2 of these may be lost, because the PBX does not have them. Run the same command again to retry.',
  );
  expect(isDone).toBe(false);
});

test('a call that nobody answered and that has no recording is no failure', async () => {
  const { pbx, run } = await startBackfillHarness(s3, 1);
  for (const status of ['NO ANSWER', 'BUSY', 'FAILED', 'ANSWERED']) {
    const call = pbx.makeCall({ from: '1001', to: '1003', talkSeconds: 0, fields: { status } });
    pbx.misbehave(call.recording, { kind: 'deleted' });
  }
  const { output, lastLine, isDone } = await run();
  expect(output).toContain('3 calls that nobody answered, without a recording');
  expect(lastLine).toContain('1 recording failed; 1 of these may be lost');
  expect(isDone).toBe(false);
});

test('a recording that nothing confirms is archived when a later download has the same bytes', async () => {
  const { pbx, clock, waits, run } = await startBackfillHarness(s3, 1);
  pbx.makeCall({ from: '1001', to: '1003', recording: Buffer.alloc(2000, 0x9d) });
  const start = clock.now;
  const { output, isDone } = await run();
  expect(output).toContain('1 recording to be tried again at ');
  expect(output).toContain('2 recordings archived');
  expect(isDone).toBe(true);
  expect(waits).toEqual([clock.now - start]);
  expect(pbx.stats.downloads).toBe(3);
});

describe('without Content-Length, a WAV whose header states more bytes than arrive', () => {
  const recording = wav({ audioBytes: 16_000, riffSize: 32_036, dataSize: 32_000 });
  const start = () => startBackfillHarness(s3, 0, { contentLength: false });

  test('is archived when a download an hour later has the same bytes', async () => {
    const { pbx, waits, run } = await start();
    pbx.makeCall({ from: '1001', to: '1003', recording });
    const { output, isDone } = await run();
    expect(output).toContain('received 16044 of the 32044 bytes that its header states');
    expect(output).toContain('1 recording archived');
    expect(isDone).toBe(true);
    expect(waits).toEqual([0, HOUR_MS]);
  });

  test('is archived at once when only the connection was cut', async () => {
    const { pbx, waits, run } = await start();
    const misbehaviour = { kind: 'cut', afterBytes: 10_000, how: 'fin' } as const;
    pbx.makeCall({ from: '1001', to: '1003', recording: wav({ audioBytes: 16_000 }), misbehaviour });
    const { output, isDone } = await run();
    expect(output).toContain('1 recording archived');
    expect(isDone).toBe(true);
    expect(waits).toEqual([0]);
  });
});

describe('a download that drips', () => {
  const isDownloading = () => logLines.some(({ event }) => event === 'download-progress');

  test('is given up, and the run goes on', async () => {
    const { pbx, calls, timer, run } = await startBackfillHarness(s3, 3);
    pbx.misbehave(calls[0]?.recording ?? '', { kind: 'stall' });
    const running = run();
    while (!isDownloading()) await new Promise(setImmediate);
    expect(timer.ms).toBe(15 * 60_000);
    timer.end();
    const { output, lastLine } = await running;
    expect(output).toMatch(/too slow to store even one part of it in a run.*\(too-slow\)/);
    expect(output).toContain('2 recordings archived');
    expect(lastLine).toContain('1 recording failed');
  });

  test('is resumed if a part of it was stored', async () => {
    const { pbx, timer, run } = await startBackfillHarness(s3, 0);
    const misbehaviour = { kind: 'stall', afterBytes: 8 * MiB } as const;
    pbx.makeCall({ from: '1001', to: '1003', recording: longWav(12 * MiB), misbehaviour });
    timer.onRestart = () => {
      timer.onRestart = () => {};
      timer.end();
    };
    const { output, isDone } = await run();
    expect(output).toContain('1 recording archived');
    expect(isDone).toBe(true);
    expect(pbx.stats.downloads).toBe(2);
  });

  test('has more time for a part if the limits leave it less of the line', async () => {
    const { timer, run } = await startBackfillHarness(s3, 1);
    await run(s3, { concurrency: 10, 'bytes-per-second': 50_000 });
    // 5 MiB at 5,000 bytes a second take 17 minutes.
    expect(timer.ms).toBe((2 * 1000 * 5 * MiB) / 5000);
  });
});

test('rows of the call log that cannot be read are listed with the reason, and the run counts as failed', async () => {
  const { pbx, run } = await startBackfillHarness(s3, 1);
  pbx.makeCall({ from: '1001', to: '1003', recordingName: 'x'.repeat(256) });
  const { output, lastLine, isDone } = await run();
  expect(output).toContain(
    "2024-05-17  row 3 cannot be read: the recording's name cannot be used: it is longer than 255 bytes",
  );
  expect(output).toContain('1 recording archived');
  expect(lastLine).toBe('1 row of the call log could not be read: see above.');
  expect(isDone).toBe(false);
});

test('the last line says what may be lost, also if rows cannot be read', async () => {
  const { pbx, calls, run } = await startBackfillHarness(s3, 1);
  pbx.misbehave(calls[0]?.recording ?? '', { kind: 'deleted' });
  pbx.makeCall({ from: '1001', to: '1003', recordingName: 'x'.repeat(256) });
  const { output, lastLine } = await run();
  expect(output).toContain('1 row of the call log could not be read: see above.');
  expect(lastLine).toContain('1 recording failed; 1 of these may be lost');
});

test.each([
  ['an escape sequence', '\u001b[31m'],
  ['a character that reverses text', '\u202e'],
  ['a character without a width', '\u200b'],
])('%s in the name of a recording does not reach the terminal', async (_, text) => {
  const { pbx, run } = await startBackfillHarness(s3, 0);
  const { recording } = pbx.makeCall({ from: '1001', to: '1003', recordingName: `call ${text}1.wav` });
  pbx.misbehave(recording, { kind: 'deleted' });
  const { output } = await run();
  expect(output).toMatch(/call .*1\.wav: /);
  expect(output).not.toContain(text);
});

test('of many rows that cannot be read, the first are listed and the others counted, also if nothing is missing', async () => {
  const { pbx, run } = await startBackfillHarness(s3, 0);
  const readable = Array.from({ length: 30 }, (_, row) => `${row},2024-05-17 09:00:00,`);
  const rows = ['callid,timestart,recording', ...readable, ...Array(25).fill('1,2'), ''];
  pbx.misbehaveCdrs({ kind: 'text-instead-of-audio', text: rows.join('\n') });
  const { output, isDone } = await run();
  expect(output.match(/row \d+ cannot be read: it has 2 columns/g)).toHaveLength(20);
  expect(output).toContain('2024-05-17  5 more rows cannot be read');
  expect(isDone).toBe(false);
});
