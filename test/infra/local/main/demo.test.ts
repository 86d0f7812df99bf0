import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { startS3 } from '../../../../infra/local/s3/server.ts';
import { readFileModes } from '../file-modes.ts';
import { findFreePort } from '../free-port.ts';
import { makeDirectory, start } from '../start-process.ts';

test('archives, downloads and compares the calls of the simulated PBX, and exits with 0', async () => {
  const directory = join(await makeDirectory(), 'data');
  const demo = start(['--calls', '3', '--exit', '--port', '0', '--data', directory]);
  expect(await demo.ended).toBe(0);
  expect(demo.output().match(/stored {4}recordings\/demo\//g)).toHaveLength(3);
  expect(demo.output().match(/identical to the PBX's/g)).toHaveLength(3);
  expect(demo.output()).toContain('3 recordings archived, fetched and compared');
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  const modes = await readFileModes(directory);
  expect(modes.filter(({ name }) => name.endsWith('.wav')).length).toBeGreaterThanOrEqual(3);
  expect(modes.filter(({ mode }) => mode !== '600')).toEqual([]);
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
  for (const path of ['/', '/s', '/assets/nothing.js']) {
    const url = new URL(path, address);
    const [head, get] = [await request(url, { method: 'HEAD' }), await request(url)];
    expect(head.statusCode).toBe(get.statusCode);
    expect(head.headers['content-security-policy']).toBe(get.headers['content-security-policy']);
    expect([await head.body.text(), await get.body.text()]).toEqual(['', expect.stringMatching(/./)]);
  }
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
  await writeFile(profiles, '[default]\naws_access_key_id = theirs\naws_secret_access_key = their-secret\n');
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
