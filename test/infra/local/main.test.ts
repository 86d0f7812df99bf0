import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startS3 } from '../../../infra/local/s3/server.ts';
import { fingerprintOf, generateCertificate } from '../../../infra/simulated-pbx/certificate.ts';
import { startSimulatedPSeries } from '../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { type SimulatedPbx, startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { hasTool } from '../../has-tool.ts';
import { identity } from '../simulated-pbx/harness.ts';
import { findFreePort } from './free-port.ts';
import { makeDirectory, start, startInTerminal, startScript } from './start-process.ts';

async function startPbx(options: Parameters<typeof startSimulatedPbx>[0] = {}): Promise<SimulatedPbx> {
  const pbx = await startSimulatedPbx({ tls: identity, repeatDelay: 200, maxReports: 100, ...options });
  onTestFinished(() => pbx.close());
  return pbx;
}

const argsFor = (pbx: Pick<SimulatedPbx, 'url' | 'fingerprint256'>, port: number, directory: string) => [
  ...['--pbx', pbx.url, '--username', 'api', '--fingerprint', pbx.fingerprint256],
  ...['--port', String(port), '--report-url', `127.0.0.1:${port}`, '--data', directory],
];

const withoutFingerprint = (args: string[]) => args.filter((arg) => !/fingerprint|^[0-9A-F:]{95}$/.test(arg));

const PASSWORD = { PBX_PASSWORD: 'pbx-password' };

/** All that the embedded Secrets Manager has stored. */
async function readSecrets(directory: string): Promise<string> {
  const files = await readdir(join(directory, 'pbx', 'secrets'), { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(paths.sort().map((path) => readFile(path, 'utf8')));
  return contents.filter((content) => content.includes('webhookSecret')).join('\n');
}

async function fetchRecording(port: number, directory: string, name: string): Promise<Buffer> {
  const token = await readFile(join(directory, 'pbx', 'link-token'), 'utf8');
  const url = `http://127.0.0.1:${port}/recordings/pbx/${encodeURIComponent(name)}`;
  const link = await request(url, { headers: { authorization: `Bearer ${token}` } });
  const { url: presigned } = (await link.body.json()) as { url: string };
  return Buffer.from(await (await request(presigned)).body.arrayBuffer());
}

describe('npm start', () => {
  test('archives, downloads and compares the calls of the simulated PBX, and exits with 0', async () => {
    const directory = join(await makeDirectory(), 'data');
    const demo = start(['--calls', '3', '--exit', '--port', '0', '--data', directory]);
    expect(await demo.ended).toBe(0);
    expect(demo.output().match(/stored {4}recordings\/demo\//g)).toHaveLength(3);
    expect(demo.output().match(/identical to the PBX's/g)).toHaveLength(3);
    expect(demo.output()).toContain('3 recordings archived, fetched and compared');
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    // The printed commands read the token from its file, so they can be pasted into a ticket.
    const token = await readFile(join(directory, 'demo', 'link-token'), 'utf8');
    expect(demo.output()).not.toContain(token);
    expect(demo.output()).not.toContain('X-Amz-Signature');
  });

  test('does the same with a simulated P-Series', async () => {
    const directory = join(await makeDirectory(), 'data');
    const demo = start(['--demo', 'p-series', '--calls', '2', '--exit', '--port', '0', '--data', directory]);
    expect(await demo.ended).toBe(0);
    expect(demo.output()).toContain('simulated Yeastar P-Series');
    expect(demo.output()).toMatch(
      /set up in the P-Series.*: POST to http:\S+\/reports\/demo-p-series\/p-series\n/,
    );
    expect(demo.output().match(/stored {4}recordings\/demo-p-series\//g)).toHaveLength(2);
    expect(demo.output().match(/identical to the PBX's/g)).toHaveLength(2);
  });

  test('does the same with one PBX of each family', async () => {
    const directory = join(await makeDirectory(), 'data');
    const demo = start(['--demo', 'mixed', '--calls', '1', '--exit', '--port', '0', '--data', directory]);
    expect(await demo.ended).toBe(0);
    for (const pbx of ['demo', 'demo-p-series'])
      expect(demo.output().split(`recordings/${pbx}/`)).toHaveLength(2);
    // Every line says which PBX it is about, from the call to its link.
    for (const [pbx, model] of [
      ['demo', 'S-Series'],
      ['demo-p-series', 'P-Series'],
    ]) {
      for (const text of [
        `simulated Yeastar ${model}`,
        'logged in; ',
        '+49 30 901820 → 1000',
        'call ended; job queued',
        `recordings/${pbx}/`,
      ])
        expect(demo.output()).toContain(` ${pbx}: ${text}`);
      expect(demo.output()).toMatch(new RegExp(` ${pbx}: [\\d,]+ bytes via the link`));
    }
    expect(demo.output()).toContain(' demo: single-use random string received');
    // The content differs, so that one PBX's recording is never taken for the other's.
    const checksums = [...demo.output().matchAll(/CRC32 (\S+),/g)].map(([, crc32]) => crc32);
    expect(new Set(checksums).size).toBe(2);
    expect(demo.output()).toContain('2 recordings archived, fetched and compared');
  });

  test('prints the address of the page, where its three calls are there to be played', async () => {
    const directory = await makeDirectory();
    const demo = start(['--port', '0', '--data', directory]);
    await demo.printed('Press Ctrl-C to stop.');
    const [, address = ''] = /open this page in a browser.*\n +(\S+)\n/.exec(demo.output()) ?? [];
    const page = await request(address);
    expect(page.statusCode).toBe(200);
    expect(await page.body.text()).toContain('<title>Recordings</title>');
    const headers = {
      authorization: `Bearer ${await readFile(join(directory, 'demo', 'link-token'), 'utf8')}`,
    };
    const ask = async (path: string) => (await request(new URL(path, address), { headers })).body.json();
    const { recordings } = (await ask('/api/recordings')) as { recordings: Record<string, string>[] };
    expect(recordings.map(({ state }) => state)).toEqual(['archived', 'archived', 'archived']);
    for (const { pbx = '', recording = '' } of recordings) {
      const path = `/api/recordings/${pbx}/${encodeURIComponent(recording)}`;
      const { link } = (await ask(path)) as { link: { url: string } };
      const audio = Buffer.from(await (await request(link.url)).body.arrayBuffer());
      expect(audio.toString('latin1', 0, 4)).toBe('RIFF');
    }
    demo.process.kill('SIGINT');
    expect(await demo.ended).toBe(0);
  });

  test('lets the page say up to when the calls of each simulated PBX have been compared', async () => {
    const [port, directory] = [await findFreePort(), await makeDirectory()];
    const demo = start(['--demo', 'mixed', '--calls', '1', '--port', String(port), '--data', directory]);
    await demo.printed('Press Ctrl-C to stop.');
    const token = await readFile(join(directory, 'demo-mixed', 'link-token'), 'utf8');
    const me = await request(`http://127.0.0.1:${port}/api/me`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const completeUpTo = expect.stringMatching(/^20\d\d-/);
    expect(await me.body.json()).toMatchObject({
      pbxs: [
        { id: 'demo', completeUpTo },
        { id: 'demo-p-series', completeUpTo },
      ],
    });
    demo.process.kill('SIGINT');
    expect(await demo.ended).toBe(0);
  });

  test('stores in the S3 of AWS_ENDPOINT_URL_S3 and the bucket of BUCKET_NAME, with the credentials of a profile', async () => {
    const credentials = { accessKeyId: 'theirs', secretAccessKey: 'their-secret' };
    const profiles = join(await makeDirectory(), 'credentials');
    await writeFile(
      profiles,
      '[default]\naws_access_key_id = theirs\naws_secret_access_key = their-secret\n',
    );
    const region = 'eu-central-1';
    const theirs = await startS3({ directory: await makeDirectory(), credentials, region });
    onTestFinished(() => theirs.close());
    const demo = start(['--calls', '1', '--exit', '--port', '0', '--data', await makeDirectory()], {
      AWS_ENDPOINT_URL_S3: theirs.url,
      AWS_REGION: region,
      AWS_SHARED_CREDENTIALS_FILE: profiles,
      BUCKET_NAME: 'theirs',
    });
    expect(await demo.ended).toBe(0);
    const s3 = new S3Client({ endpoint: theirs.url, region, credentials, forcePathStyle: true });
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({
        Prefix: 'recordings/',
        Bucket: 'theirs',
      }),
    );
    expect(Contents).toHaveLength(1);
  });

  test('starts with a session state whose file was emptied, and names the file', async () => {
    const directory = await makeDirectory();
    const args = ['--calls', '0', '--exit', '--port', '0', '--data', directory];
    expect(await start(args).ended).toBe(0);
    await truncate(join(directory, 'demo', 's3', 'recordings', 'sessions', 'demo.json'), 0);
    const again = start(args);
    expect(await again.ended).toBe(0);
    expect(again.output()).toContain('such as that of sessions/demo.json');
  });

  test('lists all its options', async () => {
    const help = start(['--help']);
    expect(await help.ended).toBe(0);
    for (const option of [
      '--calls',
      '--exit',
      '--pbx',
      '--username',
      '--fingerprint',
      '--report-url',
      '--data',
    ]) {
      expect(help.output()).toContain(option);
    }
  });
});

describe('npm start with a real PBX', () => {
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

  test('waits for downloads at the first Ctrl-C, and says so', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const call = pbx.makeCall({ from: '1001', to: '1003', misbehaviour: { kind: 'stall' } });
    const host = start(argsFor(pbx, port, directory), PASSWORD);
    await host.printed('make a recorded call');
    await pbx.postReport(call.report);
    await host.printed('so far');
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
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const call = pbx.makeCall({ from: '1001', to: '1003', misbehaviour: { kind: 'stall' } });
    const host = start(argsFor(pbx, port, directory), PASSWORD);
    await host.printed('make a recorded call');
    await pbx.postReport(call.report);
    await host.printed('so far');
    host.process.kill('SIGINT');
    await host.printed('Finishing 1 download.');
    const pressing = setInterval(() => host.process.kill('SIGINT'), 50);
    expect(await host.ended.finally(() => clearInterval(pressing))).toBe(130);
    const restarted = start(argsFor(pbx, port, directory), PASSWORD);
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
      const isArchived = () =>
        [first, second, third].some((host) => host.output().includes(`/${recording}\n`));
      while (!isArchived()) await third.printed('\n', third.output().split('\n').length);
    }
    for (const { recording, bytes } of calls) {
      expect((await fetchRecording(port, directory, recording)).equals(bytes)).toBe(true);
    }
    expect(pbx.stats).toMatchObject({ reusedRandoms: 0, refusedLogins: 0 });
    // An attempt that a kill has cut off does not count.
    for (const host of [first, second, third]) expect(host.output()).not.toMatch(/attempt [2-9]/);
  });
});

describe('exits with code 1 and one clear message, without a stack trace, for', () => {
  async function explained(args: string[], env: NodeJS.ProcessEnv = PASSWORD): Promise<string> {
    const failed = start(args, env);
    expect(await failed.ended).toBe(1);
    expect(failed.output()).not.toMatch(/^ {4}at /m);
    return failed.output();
  }

  test('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.close();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const text = await explained(['--port', String(port), '--data', await makeDirectory()]);
    expect(text).toContain(`Port ${port} is in use`);
  });

  test.each(['sqs/fauxqs.db', 'secrets/link-token.json'])('a damaged %s', async (file) => {
    const directory = await makeDirectory();
    const path = join(directory, 'demo', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '{"name": cut of');
    const text = await explained(['--calls', '1', '--exit', '--port', '0', '--data', directory]);
    expect(text).toContain(path);
    expect(text).toMatch(/is damaged.*Restore it from a backup, or .* start again: /);
  });

  test.each([
    ...['host.json', 'link-token', 'pbx-registry.json', 'secrets/link-token.json', 'sqs/fauxqs.db'],
    ...['simulated-pbx/cdr.jsonl', 'simulated-pbx/cert.pem'],
  ])('a directory in the place of the file %s', async (name) => {
    const directory = await makeDirectory();
    const path = join(directory, 'demo', name);
    await mkdir(path, { recursive: true });
    const text = await explained(['--calls', '1', '--exit', '--port', '0', '--data', directory]);
    expect(text).toMatch(new RegExp(`^${path} is damaged \\(.*move it away and start again\\.$`, 'm'));
  });

  test.each(['s3', 'secrets', 'simulated-pbx', 'sqs'])(
    'a file in the place of the directory %s',
    async (name) => {
      const directory = await makeDirectory();
      const path = join(directory, 'demo', name);
      await mkdir(dirname(path));
      await writeFile(path, '');
      const text = await explained(['--calls', '1', '--exit', '--port', '0', '--data', directory]);
      expect(text).toMatch(new RegExp(`^${path} is damaged \\(.*move it away and start again\\.$`, 'm'));
    },
  );

  test('a PBX that cannot be reached', async () => {
    const url = `https://127.0.0.1:${await findFreePort()}`;
    const args = ['--pbx', url, '--username', 'api', '--data', await makeDirectory()];
    const text = await explained([...args, '--port', String(await findFreePort())]);
    expect(text).toContain(`No PBX responds at ${url}`);
  });

  test('a wrong fingerprint, and prints the right one', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const args = argsFor({ ...pbx, fingerprint256: 'AB'.repeat(32) }, port, directory);
    const text = await explained(args.map((arg) => arg));
    expect(text).toContain(pbx.fingerprint256);
    expect(pbx.stats.requests).toEqual([]);
  });

  test('a self-signed certificate that is not pinned, and prints its fingerprint', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    // Without a password too: it is asked for afterwards.
    expect(await explained(withoutFingerprint(argsFor(pbx, port, directory)), {})).toContain(
      `Its SHA-256 fingerprint is\n${pbx.fingerprint256}`,
    );
  });

  test('a wrong password, which is tried once even if the command is repeated', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    for (let run = 0; run < 2; run++) {
      const text = await explained(argsFor(pbx, port, directory), { PBX_PASSWORD: 'wrong-password' });
      expect(text).toContain('refused the username or password.');
      expect(text).not.toContain('wrong-password');
    }
    expect(pbx.stats.refusedLogins).toBe(1);
    pbx.setPassword('wrong-password');
    const corrected = start([...argsFor(pbx, port, directory), '--retry-login'], {
      PBX_PASSWORD: 'wrong-password',
    });
    await corrected.printed('make a recorded call');
  });

  test('a server that speaks TLS and no HTTP, without asking for the right fingerprint again', async () => {
    const server = createTlsServer(identity, (socket) => {
      socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.9\r\n');
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const pbx = { url, fingerprint256: fingerprintOf(identity) };
    const text = await explained(argsFor(pbx, await findFreePort(), await makeDirectory()));
    expect(text).toContain(`Something accepts connections at ${url}, but does not respond like a PBX.`);
    expect(text).not.toContain('fingerprint');
  });

  test('an empty password, which does not replace the stored one', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const host = start(argsFor(pbx, port, directory), PASSWORD);
    await host.printed('Press Ctrl-C to stop.');
    host.process.kill('SIGINT');
    await host.ended;
    const stored = await readSecrets(directory);
    expect(stored).toContain(PASSWORD.PBX_PASSWORD);
    const text = await explained(argsFor(pbx, port, directory), { PBX_PASSWORD: '' });
    expect(text).toContain('PBX_PASSWORD is empty.');
    expect(await readSecrets(directory)).toBe(stored);
    expect(pbx.stats.refusedLogins).toBe(0);
  });

  test('a directory in which it is running already, with pid and port', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const host = start(argsFor(pbx, port, directory), PASSWORD);
    await host.printed('make a recorded call');
    const text = await explained(argsFor(pbx, await findFreePort(), directory));
    expect(text).toContain(`npm start is already running, pid ${host.process.pid}, port ${port}, in `);
    const call = pbx.makeCall({ from: '1001', to: '1003' });
    await pbx.postReport(call.report);
    await host.printed('stored');
    const listing = startScript('infra/commands/dead-letters.ts', ['--local', join(directory, 'pbx')], {});
    expect(await listing.ended).toBe(0);
  });

  test('a directory in which another one is just starting', async () => {
    const directory = await makeDirectory();
    const args = ['--calls', '1', '--exit', '--port', '0', '--data', directory];
    const both = [start(args), start(args)];
    expect((await Promise.all(both.map(({ ended }) => ended))).sort()).toEqual([0, 1]);
    expect(both.map((one) => one.output()).join('')).toContain('npm start is already running');
  });

  test('a data directory that is a file', async () => {
    const file = join(await makeDirectory(), 'file');
    await writeFile(file, '');
    expect(await explained(['--data', file])).toContain('Choose another directory with --data.');
  });

  test('a missing password when there is no terminal to ask for it', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    expect(await explained(argsFor(pbx, port, directory), {})).toContain('set PBX_PASSWORD');
  });

  test('an API that is not enabled, or of another version', async () => {
    const [pbx, port, directory] = [await startPbx(), await findFreePort(), await makeDirectory()];
    const args = [...argsFor(pbx, port, directory), '--api-version', 'v2.0.0'];
    const withVersions = await explained(args);
    expect(withVersions).toContain(
      'Check that the API is enabled on the PBX, and that --api-version is right.',
    );
    expect(withVersions).not.toContain('not verified on a device');
    // A family without versions of the API has no such option.
    const withoutVersions = await explained([...argsFor(pbx, port, directory), '--family', 'openvox']);
    expect(withoutVersions).toContain('does not support the request (errno 10003)');
    expect(withoutVersions).not.toContain('--api-version');
    expect(withoutVersions).toContain('openvox is not verified on a device');
  });

  test('an unknown option, or one with an invalid value', async () => {
    expect(await explained(['--cals', '3'])).toContain("'--cals'");
    expect(await explained(['--calls', 'three'])).toContain('--calls should be a whole number');
    expect(await explained(['--pbx', 'https://192.0.2.1:8088/api'])).toContain(
      '--pbx should be scheme, host',
    );
    const bad = ['--pbx', 'https://127.0.0.1:9', '--username', 'api', '--fingerprint', 'AB:CD'];
    expect(await explained(bad)).toContain('--fingerprint should be a SHA-256 fingerprint');
    expect(await explained([...bad, '--ca', 'pbx.pem'])).toContain('either --fingerprint or --ca');
  });

  test('an option with a value that its setting does not have, or of another family', async () => {
    const pSeries = ['--pbx', 'https://127.0.0.1:9', '--username', 'api', '--family', 'p-series'];
    expect(await explained([...pSeries, '--discover', '7'])).toBe(
      '\n--discover should be 5, 10, 15, 20, 30 or 60\n',
    );
    expect(await explained([...pSeries, '--report-authentication', 'none'])).toBe(
      '\n--report-authentication should be signature or path\n',
    );
    expect(await explained([...pSeries, '--api-version', 'v2.0.0'])).toBe(
      '\n--api-version is not for a PBX of this --family. Leave it out.\n',
    );
    const good = ['--pbx', 'https://127.0.0.1:9', '--username', 'api'];
    expect(await explained([...good, '--time-zone', 'Europe/Berlinn'])).toBe(
      '\n--time-zone should be an IANA time zone, such as Europe/Berlin\n',
    );
    // What the machine itself says is no fault of an option.
    expect(await explained(good, { TZ: '' })).toBe(
      '\nThis machine does not say its time zone. Give that of the PBX with --time-zone, such as Europe/Berlin.\n',
    );
  });

  test('a forgotten -- before the options', async () => {
    // As npm 11 passes on: npm start --pbx https://192.0.2.1 --username api
    const env = { npm_lifecycle_event: 'start', npm_config_pbx: 'true', npm_config_username: 'true' };
    expect(await explained(['https://192.0.2.1', 'api'], env)).toBe(
      '\nnpm took --pbx for itself. Put -- before the options: npm start -- --pbx ...\n',
    );
  });
});
