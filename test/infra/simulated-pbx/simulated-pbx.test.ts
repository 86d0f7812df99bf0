import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { createClient, identity, startPbxHarness } from './harness.ts';

function shakeHands(url: string, options: ConnectionOptions) {
  return new Promise<{ protocol: string | null; fingerprint256: string }>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ...options }, () => {
      resolve({
        protocol: socket.getProtocol(),
        fingerprint256: socket.getPeerCertificate().fingerprint256,
      });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('the PBX presents the certificate whose fingerprint it gives', async () => {
  const { pbx } = await startPbxHarness();
  expect(pbx.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const shown = await shakeHands(pbx.url, { ca: pbx.certificate });
  expect(shown.fingerprint256).toBe(pbx.fingerprint256);
});

test('a generated certificate is trusted only when given as its own CA', async () => {
  const pbx = await startSimulatedPbx();
  onTestFinished(() => pbx.close());
  await expect(shakeHands(pbx.url, {})).rejects.toThrow(/self-signed/);
  await shakeHands(pbx.url, { ca: pbx.certificate });
  await shakeHands(pbx.url, { ca: pbx.certificate, servername: 'pbx.test' });
});

test('a replaced certificate is presented from the next connection on', async () => {
  const { pbx } = await startPbxHarness();
  const before = pbx.fingerprint256;
  await pbx.replaceCertificate();
  expect(pbx.fingerprint256).not.toBe(before);
  const shown = await shakeHands(pbx.url, { rejectUnauthorized: false });
  expect(shown.fingerprint256).toBe(pbx.fingerprint256);
});

test('an old PBX supports only TLS 1.0, even after its certificate is replaced', async () => {
  const { pbx } = await startPbxHarness({ maxTlsVersion: 'TLSv1' });
  const old: ConnectionOptions = {
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  };
  await expect(shakeHands(pbx.url, { rejectUnauthorized: false })).rejects.toThrow();
  expect(await shakeHands(pbx.url, old)).toMatchObject({ protocol: 'TLSv1' });
  await pbx.replaceCertificate();
  expect(await shakeHands(pbx.url, old)).toMatchObject({ protocol: 'TLSv1' });
});

test('a PBX may use plain HTTP', async () => {
  const { pbx, client } = await startPbxHarness({ plain: true });
  expect(pbx.url).toMatch(/^http:/);
  expect(await client.tryLogin()).toMatchObject({ status: 'Success' });
  await expect(pbx.replaceCertificate()).rejects.toThrow('no certificate');
});

test('recordings, CDRs and certificate survive a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'simulated-pbx-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const first = await startSimulatedPbx({ directory, plain: false });
  const call = first.makeCall({ from: '+1/..', to: '2', talkSeconds: 1 });
  await first.close();

  const second = await startSimulatedPbx({ directory });
  onTestFinished(() => second.close());
  expect(second.fingerprint256).toBe(first.fingerprint256);
  const client = createClient(second);
  const token = await client.login();
  expect((await client.download(call.recording, token)).body.equals(call.bytes)).toBe(true);
  const window = { extid: 'all', starttime: '2000-01-01 00:00:00', endtime: '2999-01-01 00:00:00' };
  const { random } = await client.post('cdr/get_random', window, { token });
  const csv = await client.get('cdr/download', { ...window, token, random: String(random) });
  expect(csv.body.toString()).toContain(call.recording);
  expect(second.makeCall({ from: '1', to: '2', talkSeconds: 1 }).callId).toMatch(/\.2$/);
});

test('a restart forgets the call whose CDR a kill has cut off, and no other', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'simulated-pbx-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const start = () => startSimulatedPbx({ directory, tls: identity });
  const first = await start();
  for (const to of ['1003', '1004']) first.makeCall({ from: '1001', to });
  await first.close();
  const file = join(directory, 'cdr.jsonl');
  truncateSync(file, statSync(file).size - 20);

  const second = await start();
  second.makeCall({ from: '1001', to: '1005' });
  await second.close();
  const third = await start();
  onTestFinished(() => third.close());
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).callto)).toEqual(['1003', '1005']);
});

const damages = {
  'an empty certificate': ['cert.pem', ''],
  'a certificate that is cut off': ['cert.pem', identity.cert.slice(0, 500)],
  'a key that is cut off': ['key.pem', identity.key.slice(0, 500)],
  'the key of another certificate': ['key.pem', identity.key],
} as const;

test.each(Object.entries(damages))('%s is replaced at the next start', async (_, [file, content]) => {
  const directory = mkdtempSync(join(tmpdir(), 'simulated-pbx-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  await (await startSimulatedPbx({ directory })).close();
  writeFileSync(join(directory, file), content);
  const pbx = await startSimulatedPbx({ directory });
  onTestFinished(() => pbx.close());
  expect(await shakeHands(pbx.url, { ca: pbx.certificate })).toMatchObject({
    fingerprint256: pbx.fingerprint256,
  });
});

test('events contain no tokens, random strings or passwords', async () => {
  const { pbx, client, events } = await startPbxHarness();
  const { recording } = pbx.makeCall({ from: '1', to: '2', talkSeconds: 1 });
  await client.tryLogin('wrong');
  const token = await client.login();
  const random = await client.random(recording, token);
  await client.get('recording/download', { recording, random, token });
  const output = JSON.stringify(events) + JSON.stringify(pbx.stats);
  expect(output).not.toContain(token);
  expect(output).not.toContain(random);
  expect(output).not.toContain('pbx-password');
});
