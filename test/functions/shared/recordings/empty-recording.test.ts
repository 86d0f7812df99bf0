import { expect, test } from 'vitest';
import { audio, captureEvents, HOUR_MS, startPbx } from './queue-harness.ts';

const eventsOf = captureEvents();

test('a recording of 0 bytes ends within a day and an hour, with one dead letter', async () => {
  const { pbx, clock, bucket, report, pass, downloads, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: Buffer.alloc(0) });
  report(call);
  const since = clock.now;
  await pass();
  expect(clock.now - since).toBeLessThanOrEqual(25 * HOUR_MS);
  expect(deadLetters).toMatchObject([{ error: { code: 'recording-empty' } }]);
  expect(await bucket.keys()).toEqual([`reconciliation/ended/test/2024/05/17/${call.recording}`]);
  expect(downloads()).toBeLessThan(60);
});

test('a recording whose job has ended empty is not lost as well when the PBX no longer has the file', async () => {
  const { pbx, report, pass, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: Buffer.alloc(0) });
  report(call);
  await pass();
  expect(deadLetters).toMatchObject([{ error: { code: 'recording-empty' } }]);
  // The PBX repeats its report, and delivers other recordings.
  pbx.deleteRecording(call.recording, '20012');
  report(call);
  await pass(HOUR_MS);
  const other = pbx.makeCall({ from: '1001', to: '1003', recording: audio(4) });
  report(other);
  await pass();
  expect(deadLetters).toHaveLength(1);
  const events = eventsOf('archived', 'recording-lost', 'duplicate-dropped');
  expect(events).toEqual(['archived', 'duplicate-dropped']);
});

test('an empty response after a day without the storage of the PBX does not end the job', async () => {
  const { pbx, report, pass, stored, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: audio(4) });
  report(call);
  pbx.takeStorageAway('20012');
  await pass(30 * HOUR_MS);
  pbx.returnStorage();
  pbx.writeRecording(call.recording, Buffer.alloc(0));
  await pass(2 * HOUR_MS);
  pbx.writeRecording(call.recording, audio(4));
  await pass();
  expect((await stored(call.recording)).main?.equals(audio(4))).toBe(true);
  expect(deadLetters).toEqual([]);
});

test('a PBX whose storage goes away has not lost a recording that was empty before', async () => {
  const { pbx, report, pass, deadLetters } = await startPbx();
  const call = pbx.makeCall({ from: '1001', to: '1003', recording: Buffer.alloc(0) });
  report(call);
  await pass(22 * HOUR_MS);
  const other = pbx.makeCall({ from: '1001', to: '1003', recording: audio(4) });
  report(other);
  await pass(HOUR_MS);
  pbx.takeStorageAway('20012');
  await pass(6 * HOUR_MS);
  pbx.returnStorage();
  await pass();
  expect(eventsOf('recording-lost')).toEqual([]);
  expect(deadLetters).toMatchObject([{ error: { code: 'recording-empty' } }]);
});
