import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { generateCertificate } from '../../../../infra/simulated-pbx/certificate.ts';
import { startSimulatedPSeries } from '../../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { hasTool } from '../../../has-tool.ts';
import { identity } from '../../simulated-pbx/harness.ts';
import { findFreePort } from '../free-port.ts';
import { makeDirectory, start, startInTerminal } from '../start-process.ts';
import { argsFor, PASSWORD, startPbx, withoutFingerprint } from './harness.ts';

async function fetchRecording(port: number, directory: string, name: string): Promise<Buffer> {
  const token = await readFile(join(directory, 'pbx', 'link-token'), 'utf8');
  const url = `http://127.0.0.1:${port}/recordings/pbx/${encodeURIComponent(name)}`;
  const link = await request(url, { headers: { authorization: `Bearer ${token}` } });
  const { url: presigned } = (await link.body.json()) as { url: string };
  return Buffer.from(await (await request(presigned)).body.arrayBuffer());
}

test('archives the call that has just ended', async () => {
  const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
  const host = start(argsFor(pbx, port, directory), PASSWORD);
  await host.printed('make a recorded call');
  const call = pbx.makeCall({ from: '1001', to: '1003' });
  expect(await pbx.postReport(call.report)).toMatchObject({ delivered: true });
  await host.printed('stored');
  expect((await fetchRecording(port, directory, call.recording)).equals(call.bytes)).toBe(true);
  host.process.kill('SIGINT');
  expect(await host.ended).toBe(0);
});

test('archives the call of a P-Series, whose webhook somebody has set up', async () => {
  const pbx = await startSimulatedPSeries({ tls: identity });
  onTestFinished(() => pbx.close());
  const [port, directory] = [await findFreePort(), await makeDirectory()];
  const secrets = { PBX_PASSWORD: 'client-secret', PBX_WEBHOOK_SECRET: pbx.setWebhook('') };
  const args = argsFor(pbx, port, directory).map((arg) => (arg === 'api' ? 'client-id' : arg));
  const host = start([...args, '--family', 'p-series'], secrets);
  await host.printed('make a recorded call');
  expect(host.output()).toContain(`POST to http://127.0.0.1:${port}/reports/pbx/p-series, event 30012`);
  pbx.setWebhook(`http://127.0.0.1:${port}/reports/pbx/p-series`);
  const call = pbx.makeCall({ from: '1001', to: '1003' });
  expect(await pbx.postReport(call.report)).toMatchObject({ delivered: true });
  await host.printed('stored');
  expect((await fetchRecording(port, directory, call.recording)).equals(call.bytes)).toBe(true);
  host.process.kill('SIGINT');
  expect(await host.ended).toBe(0);
});

test.each<[string, string[], NodeJS.ProcessEnv, string | undefined]>([
  ['--time-zone', ['--time-zone', 'Australia/Adelaide'], {}, undefined],
  [
    'that of this machine',
    [],
    { TZ: 'Australia/Adelaide' },
    'taken to show Australia/Adelaide, the time zone of this machine',
  ],
])('reads the times of the PBX in its time zone: %s', async (_, options, zone, shown) => {
  const pbx = await startSimulatedPSeries({ tls: identity, timeZone: 'Australia/Adelaide' });
  onTestFinished(() => pbx.close());
  const [port, directory] = [await findFreePort(), await makeDirectory()];
  const args = argsFor(pbx, port, directory).map((arg) => (arg === 'api' ? 'client-id' : arg));
  const secrets = { PBX_PASSWORD: 'client-secret', PBX_WEBHOOK_SECRET: 'secret-of-the-webhook' };
  const host = start([...args, '--family', 'p-series', ...options], { ...secrets, ...zone });
  await host.printed('make a recorded call');
  expect(host.output()).not.toMatch(/clock .*(?:wrong|another time zone)/);
  if (shown === undefined) expect(host.output()).not.toContain('of this machine');
  else expect(host.output()).toContain(shown);
});

test('says that the PBX shows the time of another zone, and which option corrects it', async () => {
  const pbx = await startSimulatedPSeries({ tls: identity, timeZone: 'Asia/Kathmandu' });
  onTestFinished(() => pbx.close());
  const args = argsFor(pbx, await findFreePort(), await makeDirectory());
  const secrets = { PBX_PASSWORD: 'client-secret', PBX_WEBHOOK_SECRET: 'secret-of-the-webhook' };
  const named = args.map((arg) => (arg === 'api' ? 'client-id' : arg));
  const host = start([...named, '--family', 'p-series', '--time-zone', 'Europe/Berlin'], secrets);
  await host.printed('make a recorded call');
  expect(host.output()).toMatch(/clock .* another time zone than Europe\/Berlin.* --time-zone\.\n/);
  expect(host.output()).not.toContain('cdk.json');
});

test('archives the call of a P-Series that does not sign: the secret is in a URL, and the URL in a file', async () => {
  const pbx = await startSimulatedPSeries({ tls: identity });
  onTestFinished(() => pbx.close());
  const [port, directory] = [await findFreePort(), await makeDirectory()];
  const args = argsFor(pbx, port, directory).map((arg) => (arg === 'api' ? 'client-id' : arg));
  const unsigned = ['--family', 'p-series', '--report-authentication', 'path'];
  const host = start([...args, ...unsigned], { PBX_PASSWORD: 'client-secret' });
  const file = join(directory, 'pbx', 'webhook-url');
  await host.printed('make a recorded call');
  expect(host.output()).toContain(`webhook   the URL, with its secret, is in ${file}\n`);
  const url = await readFile(file, 'utf8');
  const [, secret = ''] = new RegExp(`^http://127.0.0.1:${port}/reports/pbx/([\\w-]{26})$`).exec(url) ?? [];
  expect(secret).not.toBe('');
  pbx.setWebhook(url);
  const call = pbx.makeCall({ from: '1001', to: '1003' });
  expect(await pbx.postReport(call.report)).toMatchObject({ delivered: true });
  await host.printed('stored');
  expect(host.output()).not.toContain(secret);
});

test('asks a P-Series without a webhook for its recordings, and for no secret of a webhook', async () => {
  const pbx = await startSimulatedPSeries({ tls: identity, firmware: '37.19.0.100' });
  onTestFinished(() => pbx.close());
  const [port, directory] = [await findFreePort(), await makeDirectory()];
  const args = argsFor(pbx, port, directory).map((arg) => (arg === 'api' ? 'client-id' : arg));
  const { recording } = pbx.makeCall({ from: '1001', to: '1003', startedAt: Date.now() - 120_000 });
  const options = ['--family', 'p-series', '--discover', '5'];
  const host = start([...args, ...options], { PBX_PASSWORD: 'client-secret' });
  await host.printed('make a recorded call; it is archived within about 5 minutes of its end');
  expect(host.output()).toContain(`${pbx.url} is asked for new recordings every 5 minutes`);
  expect(host.output()).not.toContain('webhook  ');
  // One that waits for reports leaves a call that has just ended to its report.
  await host.printed(`${recording}\n`);
});

test('says what a P-Series refuses, after one attempt', async () => {
  const pbx = await startSimulatedPSeries({ tls: identity });
  onTestFinished(() => pbx.close());
  const args = argsFor(pbx, await findFreePort(), await makeDirectory());
  const host = start([...args, '--family', 'p-series'], { ...PASSWORD, PBX_WEBHOOK_SECRET: 'secret' });
  expect(await host.ended).toBe(1);
  expect(host.output()).toContain('The PBX refused the client ID or the client secret');
  expect(pbx.stats.refusedTokens).toBe(1);
});

test('shows the fingerprint of a PBX with TLS 1.0 only, and connects with it', async () => {
  const [pbx, port, directory] = [
    await startPbx({ maxTlsVersion: 'TLSv1' }),
    await findFreePort(),
    await makeDirectory(),
  ];
  const args = [...argsFor(pbx, port, directory), '--min-tls', 'TLSv1'];
  const first = start(withoutFingerprint(args), PASSWORD);
  expect(await first.ended).toBe(1);
  expect(first.output()).toContain(`Its SHA-256 fingerprint is\n${pbx.fingerprint256}`);
  await start(args, PASSWORD).printed('make a recorded call');
});

test('receives the reports of a PBX that is reached over IPv6, and those that come over IPv4', async () => {
  const [pbx, port, directory] = [
    await startPbx({ host: '::1' }),
    await findFreePort(),
    await makeDirectory(),
  ];
  const args = argsFor(pbx, port, directory).filter((arg) => !/report-url|^127/.test(arg));
  const host = start(args, PASSWORD);
  await host.printed(`${pbx.url} posts its reports to [::1]:${port}`);
  const call = pbx.makeCall({ from: '1001', to: '1003' });
  expect(await pbx.postReport(call.report)).toMatchObject({ delivered: true });
  await host.printed('stored');
  expect((await fetchRecording(port, directory, call.recording)).equals(call.bytes)).toBe(true);
});

test('shows nothing from outside that controls the terminal or is invisible', async () => {
  const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
  const host = start(argsFor(pbx, port, directory), PASSWORD);
  await host.printed('make a recorded call');
  await pbx.postRaw('{"action":"\\u001b]0;x\\u0007\\u001b[31m"}');
  await host.printed('�]0;x��[31m: nothing to archive');
  await pbx.postRaw('{"action":"NewCdr","recording":"meeting-\\u202egnp\\u200b.wav"}');
  await host.printed('job queued for meeting-�gnp�.wav');
  expect(host.output()).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});

test.runIf(hasTool('script'))(
  'asks for a password after the look at the PBX, and for another if it is empty',
  async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const host = startInTerminal(argsFor(pbx, port, directory));
    await host.printed('Password of api:');
    host.type('\r');
    await host.printed('It is empty.');
    host.type(`${PASSWORD.PBX_PASSWORD}\r`);
    await host.printed('Press Ctrl-C to stop.');
    host.type('\u0003');
    expect(await host.ended).toBe(0);
    const stranger = await startPbx({ tls: await generateCertificate(['127.0.0.1']) });
    const mismatched = startInTerminal(argsFor({ ...pbx, url: stranger.url }, port, directory));
    expect(await mismatched.ended).toBe(1);
    expect(mismatched.output()).toContain(stranger.fingerprint256);
    expect(mismatched.output()).not.toContain('Password');
  },
);

test('archives the calls that were made while it was not running, as soon as it has a session', async () => {
  const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
  const unreported = (hours: number) =>
    pbx.makeCall({ from: '1001', to: '1003', startedAt: Date.now() - hours * 3_600_000 });
  const first = unreported(50);
  const host = start(argsFor(pbx, port, directory), PASSWORD);
  await host.printed('Press Ctrl-C to stop.');
  await host.printed(`${first.recording}\n`);
  host.process.kill('SIGINT');
  expect(await host.ended).toBe(0);
  const second = unreported(1);
  const restarted = start(argsFor(pbx, port, directory), PASSWORD);
  await restarted.printed(`${second.recording}\n`);
  expect(restarted.output()).not.toContain(first.recording);
});

/** A host in the middle of a download, which goes on until the PBX is rebooted. */
async function startDownload() {
  const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
  const call = pbx.makeCall({ from: '1001', to: '1003', misbehaviour: { kind: 'stall' } });
  const args = argsFor(pbx, port, directory);
  const host = start(args, PASSWORD);
  await host.printed('make a recorded call');
  await pbx.postReport(call.report);
  await host.printed('so far');
  return { pbx, call, args, host };
}

test('waits for downloads at the first Ctrl-C, and says so', async () => {
  const { pbx, call, host } = await startDownload();
  // Under npm, one Ctrl-C arrives twice.
  host.process.kill('SIGINT');
  host.process.kill('SIGINT');
  await host.printed('Finishing 1 download. Ctrl-C again stops at once; nothing is lost.');
  // Ends the download.
  void pbx.reboot();
  await host.printed(`${call.recording} in `);
  expect(await host.ended).toBe(0);
  expect(host.output().trimEnd().split('\n').at(-1)).toBe('Stopped.');
});

test('stops at once at the second Ctrl-C, and loses nothing', async () => {
  const { call, args, host } = await startDownload();
  host.process.kill('SIGINT');
  await host.printed('Finishing 1 download.');
  const pressing = setInterval(() => host.process.kill('SIGINT'), 50);
  expect(await host.ended.finally(() => clearInterval(pressing))).toBe(130);
  const restarted = start(args, PASSWORD);
  await restarted.printed(`${call.recording}\n`);
});

test('connects to an http:// PBX only with --http-pbx', async () => {
  const [pbx, port, directory] = [
    await startPbx({ plain: true }),
    await findFreePort(),
    await makeDirectory(),
  ];
  const args = ['--pbx', pbx.url, '--username', 'api', '--port', String(port), '--data', directory];
  const refused = start(args, PASSWORD);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toContain('add --http-pbx');
  await start([...args, '--http-pbx'], PASSWORD).printed('make a recorded call');
});

test('loses no job when it is killed', async () => {
  const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
  const calls = Array.from({ length: 6 }, (_, number) =>
    pbx.makeCall({
      from: '1001',
      to: String(2000 + number),
      // So that the first kill hits in the middle of a download.
      ...(number === 0 && { misbehaviour: { kind: 'stall' } }),
    }),
  );
  const first = start(argsFor(pbx, port, directory), PASSWORD);
  await first.printed('make a recorded call');
  for (const { report } of calls.slice(0, 4)) await pbx.postReport(report);
  // The progress of that call, because two are downloaded at a time.
  await first.printed(`bytes  …${calls[0]?.recording.slice(-24)}`);
  first.process.kill('SIGKILL');
  await first.ended;

  const reported = pbx.postReport(calls[4]?.report ?? {});
  const second = start(argsFor(pbx, port, directory), PASSWORD);
  expect(await reported).toMatchObject({ delivered: true });
  await pbx.postReport(calls[5]?.report ?? {});
  second.process.kill('SIGKILL');
  await second.ended;

  const third = start(argsFor(pbx, port, directory), PASSWORD);
  for (const { recording } of calls) {
    const isArchived = () => [first, second, third].some((host) => host.output().includes(`/${recording}\n`));
    while (!isArchived()) await third.printed('\n', third.output().split('\n').length);
  }
  for (const { recording, bytes } of calls) {
    expect((await fetchRecording(port, directory, recording)).equals(bytes)).toBe(true);
  }
  expect(pbx.stats).toMatchObject({ reusedRandoms: 0, refusedLogins: 0 });
  // An attempt that a kill has cut off does not count.
  for (const host of [first, second, third]) expect(host.output()).not.toMatch(/attempt [2-9]/);
});
