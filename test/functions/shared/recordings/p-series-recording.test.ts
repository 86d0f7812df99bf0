import { describe, expect, test } from 'vitest';
import { toMp3 } from '../../../../infra/simulated-pbx/p-series/mp3.ts';
import type { SimulatedPSeriesOptions } from '../../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { startPSeriesHarness } from '../../../infra/simulated-pbx/p-series-harness.ts';
import { captureLog } from '../../capture-log.ts';
import { archiveFrom } from './archive-harness.ts';

const CALL = { from: '5550100', to: '2001', type: 'Inbound', talkSeconds: 1 } as const;
const MINUTE_MS = 60_000;
const lines = captureLog();

async function start(options: SimulatedPSeriesOptions = {}) {
  const { pbx, clock } = await startPSeriesHarness(options);
  const account = { clock, family: 'p-series', username: 'client-id', password: 'client-secret' } as const;
  return { pbx, ...(await archiveFrom(pbx, account, { settings: { family: 'p-series' } })) };
}

describe('a recording of a P-Series', () => {
  test('is archived under the name in its report, byte for byte, with the session closed', async () => {
    const { pbx, bucket, jobFor, deliver } = await start();
    const call = pbx.makeCall(CALL);
    expect(await deliver(jobFor(call))).toBe(true);
    const key = `recordings/test/2025/10/09/${call.recording}`;
    expect(await bucket.keys()).toEqual([key]);
    expect((await bucket.bytesOf(key)).equals(call.bytes)).toBe(true);
    expect((await bucket.head(key)).ContentType).toBe('audio/wav');
    expect((await bucket.head(key)).Metadata).not.toHaveProperty('delivered-as');
  });

  test('that is delivered as an MP3 keeps its name; the type is that of the bytes', async () => {
    const { pbx, bucket, jobFor, deliver } = await start({ delivers: 'mp3' });
    const call = pbx.makeCall(CALL);
    expect(await deliver(jobFor(call))).toBe(true);
    const key = `recordings/test/2025/10/09/${call.recording}`;
    expect(await bucket.keys()).toEqual([key]);
    const { ContentType, Metadata } = await bucket.head(key);
    expect(ContentType).toBe('audio/mpeg');
    expect(Metadata?.['delivered-as']).toBe(call.recording.replace('.wav', '.mp3'));
  });

  test('whose token dies between the two steps is begun anew at the first, with a new token', async () => {
    const { pbx, bucket, jobFor, deliver } = await start();
    const call = pbx.makeCall({ ...CALL, misbehaviour: { kind: 'token-dropped' } });
    expect(await deliver(jobFor(call))).toBe(true);
    expect(await bucket.keys()).toHaveLength(1);
    const steps = pbx.stats.requests.filter((request) => /download/.test(request));
    expect(steps.map((step) => step.split('/')[1])).toEqual(['openapi', 'api', 'openapi', 'api']);
  });

  test('is not archived as the text of a failure', async () => {
    const { pbx, bucket, jobFor, deliver, retryDelays } = await start();
    const failure = { kind: 'text-instead-of-audio', text: '{"errcode":10009,"errmsg":"FAILED"}' } as const;
    const call = pbx.makeCall({ ...CALL, misbehaviour: failure });
    expect(await deliver(jobFor(call))).toBe(false);
    expect(await bucket.keys()).toEqual([]);
    expect(retryDelays).toEqual([5]);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'retry-scheduled', code: 'pbx-10009' }));
  });

  test('that is not ready yet is fetched when it is', async () => {
    const { pbx, bucket, jobFor, deliver, nextJob } = await start();
    const call = pbx.makeCall(CALL);
    pbx.delayRecording(call.recording, 1);
    const job = jobFor(call);
    await deliver(job);
    expect(await bucket.keys()).toEqual([]);
    expect(await deliver(nextJob(job))).toBe(true);
    expect(await bucket.keys()).toHaveLength(1);
  });

  test('that the PBX’s own archive has moved away is not called lost', async () => {
    const { pbx, jobFor, deliver, deadLetters } = await start();
    const call = pbx.makeCall(CALL);
    pbx.archiveAway(call.recording);
    expect(await deliver(jobFor(call))).toBe(true);
    expect(deadLetters).toMatchObject([{ error: { code: 'recording-moved-away' } }]);
    expect(lines.map(({ event }) => event)).not.toContain('recording-lost');
  });

  test('is as long as the list of the PBX says: a witness, if it announces no length', async () => {
    const { pbx, bucket, jobFor, deliver } = await start({ contentLength: false, delivers: 'mp3' });
    const asMp3 = { ...CALL, recordingName: '20251009105326-1760000000.42-5550100-2001-Inbound.mp3' };
    const call = pbx.makeCall(asMp3);
    const delivered = toMp3(call.bytes);
    expect(await deliver({ ...jobFor(call), listedBytes: delivered.length })).toBe(true);
    const [key = ''] = await bucket.keys();
    expect((await bucket.head(key)).Metadata?.['verified-by']).toBe('listed-size');
    expect((await bucket.bytesOf(key)).equals(delivered)).toBe(true);
  });

  test.each([
    ['another size', 1],
    ['the size of another format', 0],
  ])('needs a second download if the list has %s, and nothing else says how long it is', async (_, more) => {
    const { pbx, bucket, jobFor, deliver } = await start({ contentLength: false, delivers: 'mp3' });
    const recordingName = `20251009105326-1760000000.42-5550100-2001-Inbound.${more === 0 ? 'wav' : 'mp3'}`;
    const call = pbx.makeCall({ ...CALL, recordingName });
    await deliver({ ...jobFor(call), listedBytes: toMp3(call.bytes).length + more });
    expect(await bucket.keys()).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ code: 'recording-unverified' }));
  });

  test('waits while the PBX prepares another one, without counting the attempt', async () => {
    const { pbx, clock, bucket, jobFor, deliver, sent } = await start({ delivers: 'mp3' });
    const call = pbx.makeCall(CALL);
    pbx.occupyDownloads(true);
    let job = jobFor(call);
    for (let minute = 0; minute < 20; minute++) {
      expect(await deliver(job)).toBe(true);
      expect(sent.at(-1)?.delaySeconds).toBe(30);
      job = sent.at(-1)?.job ?? job;
      clock.now += MINUTE_MS / 2;
    }
    expect(job.earlier).toMatchObject({ attempts: 0, deliveries: 0 });
    pbx.occupyDownloads(false);
    expect(await deliver(job)).toBe(true);
    expect(await bucket.keys()).toHaveLength(1);
    expect(lines.map(({ event }) => event)).not.toContain('retry-scheduled');
  });
});

test('twenty jobs at once use one token', async () => {
  const { pbx, bucket, jobFor, deliver } = await start();
  const first = pbx.makeCall(CALL);
  const others = Array.from({ length: 20 }, () => pbx.makeCall(CALL));
  // Jobs that arrive during the first login are retried later.
  expect(await deliver(jobFor(first))).toBe(true);
  const acknowledged = await Promise.all(others.map((call) => deliver(jobFor(call))));
  expect(acknowledged).toEqual(others.map(() => true));
  expect(pbx.stats).toMatchObject({ getTokens: 1, maxValidTokens: 1 });
  const keys = [first, ...others].map(({ recording }) => `recordings/test/2025/10/09/${recording}`);
  expect((await bucket.keys()).toSorted()).toEqual(keys.toSorted());
});
