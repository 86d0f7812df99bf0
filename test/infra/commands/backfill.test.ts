import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import {
  type SimulatedCall,
  type SimulatedPbxOptions,
  startSimulatedPbx,
} from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { wav } from '../../functions/shared/recordings/wav.ts';
import { findFreePort } from '../local/free-port.ts';
import { makeDirectory, start, startScript } from '../local/start-process.ts';
import { identity } from '../simulated-pbx/harness.ts';

const PASSWORD = 'password-of-the-backfill';
const DAY_MS = 24 * 60 * 60 * 1000;
const firstDay = Date.UTC(2026, 2, 1, 12);

/** A PBX with past calls that were never reported, and a local host that has just connected to it. */
async function startArchive(callCount: number, options: SimulatedPbxOptions = {}) {
  const pbx = await startSimulatedPbx({ tls: identity, password: PASSWORD, ...options });
  onTestFinished(() => pbx.close());
  const calls = Array.from({ length: callCount }, (_, number) =>
    pbx.makeCall({ from: '1001', to: '1003', startedAt: firstDay + number * DAY_MS }),
  );
  const [port, data] = [await findFreePort(), await makeDirectory()];
  const login = ['--pbx', pbx.url, '--username', 'api', '--fingerprint', pbx.fingerprint256];
  const place = ['--port', String(port), '--report-url', `127.0.0.1:${port}`, '--data', data];
  await start([...login, ...place], { PBX_PASSWORD: PASSWORD }).printed('make a recorded call');
  const directory = join(data, 'pbx');

  async function run(...args: string[]) {
    const span = ['--pbx', 'pbx', '--from', '2026-03-01', '--to', '2026-03-31'];
    const backfill = startScript('infra/commands/backfill.ts', [...span, ...args, '--local', directory], {});
    return { backfill, code: await backfill.ended, output: backfill.output() };
  }

  /** Downloads a recording through its link; `undefined` if it is not archived. */
  async function fetchStored({ recording }: SimulatedCall): Promise<Buffer | undefined> {
    const token = await readFile(join(directory, 'link-token'), 'utf8');
    const url = `http://127.0.0.1:${port}/recordings/pbx/${encodeURIComponent(recording)}`;
    const link = await request(url, { headers: { authorization: `Bearer ${token}` } });
    const { url: presigned } = (await link.body.json()) as { url?: string };
    if (presigned === undefined) return undefined;
    return Buffer.from(await (await request(presigned)).body.arrayBuffer());
  }

  return { pbx, calls, directory, run, fetchStored };
}

test('archives the given days, and finds nothing to do the next time', async () => {
  const { pbx, calls, run, fetchStored } = await startArchive(5);
  const dry = await run('--dry-run');
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.output).toContain('5 recordings: 0 archived, 5 missing');
  expect(pbx.stats.downloads).toBe(0);

  const two = await run('--to', '2026-03-02');
  expect(two).toMatchObject({ code: 0 });
  expect(two.output).toContain('2 recordings archived');

  const rest = await run('--concurrency', '2');
  expect(rest).toMatchObject({ code: 0 });
  expect(rest.output).toContain('5 recordings: 2 archived, 3 missing');
  expect(rest.output).toContain('3 recordings archived');
  for (const call of calls) expect((await fetchStored(call))?.equals(call.bytes)).toBe(true);

  const again = await run();
  expect(again).toMatchObject({ code: 0 });
  expect(again.output).toContain('5 archived, 0 missing');
  expect(pbx.stats).toMatchObject({ downloads: 5, logins: 1, maxConcurrentDownloads: expect.any(Number) });
});

test('reports what failed, and continues with the other recordings', async () => {
  const { pbx, calls, run, fetchStored } = await startArchive(3);
  const [first, gone] = calls as [SimulatedCall, SimulatedCall];
  pbx.misbehave(gone.recording, { kind: 'deleted' });
  const { code, output } = await run();
  expect(code).toBe(1);
  expect(output).toContain(`${gone.recording}: The PBX does not have the recording`);
  expect(output).toContain('2 recordings archived');
  expect(output).toContain('1 failed');
  expect((await fetchStored(first))?.equals(first.bytes)).toBe(true);
  expect(await fetchStored(gone)).toBeUndefined();
});

test('resumes a long recording after a cut connection', async () => {
  const { pbx, run, fetchStored } = await startArchive(0);
  const audio = Buffer.alloc(20 * 1024 * 1024, 'telephone\0');
  const header = wav({ audioBytes: 0, dataSize: audio.length, riffSize: 36 + audio.length });
  const call = pbx.makeCall({
    from: '1001',
    to: '1003',
    startedAt: firstDay,
    recording: Buffer.concat([header, audio]),
    misbehaviour: { kind: 'cut', afterBytes: 17 * 1024 * 1024, how: 'fin' },
  });
  expect(await run()).toMatchObject({ code: 0 });
  expect((await fetchStored(call))?.equals(call.bytes)).toBe(true);
  expect(pbx.stats.downloads).toBe(2);
});

test('stops cleanly on Ctrl-C, and another run does the rest', async () => {
  const { pbx, calls, directory, run, fetchStored } = await startArchive(3);
  const [first] = calls as [SimulatedCall];
  pbx.misbehave(first.recording, { kind: 'stall' });
  const span = ['--pbx', 'pbx', '--from', '2026-03-01', '--to', '2026-03-03', '--local', directory];
  const stopped = startScript('infra/commands/backfill.ts', span, {});
  await stopped.printed('3 missing');
  while (pbx.stats.downloads === 0) await new Promise(setImmediate);
  stopped.process.kill('SIGINT');
  expect(await stopped.ended).toBe(1);
  expect(stopped.output()).toContain('Stopped. Run the same command again to continue.');
  expect(await run()).toMatchObject({ code: 0 });
  for (const call of calls) expect((await fetchStored(call))?.equals(call.bytes)).toBe(true);
});

test('stops at once when the PBX cannot be reached', async () => {
  const { pbx, run } = await startArchive(1);
  await pbx.close();
  const { code, output } = await run();
  expect(code).toBe(1);
  expect(output).toContain('The connection to the PBX failed');
  expect(output).not.toMatch(/^ {4}at /m);
});

test('reports all invalid options, one sentence each', async () => {
  const mistaken = startScript(
    'infra/commands/backfill.ts',
    ['--from', '2026-02-30', '--concurrency', '0'],
    {},
  );
  expect(await mistaken.ended).toBe(1);
  expect(mistaken.output()).toContain('--pbx is required');
  expect(mistaken.output()).toContain('--from should be a day');
  expect(mistaken.output()).toContain('--to is required');
  expect(mistaken.output()).toContain('--concurrency should be a whole number above 0');
});
