import { execFile } from 'node:child_process';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, test } from 'vitest';
import { hasTool } from '../../../has-tool.ts';
import { BUCKET, CREDENTIALS, patternedBytes, REGION, startEmbeddedS3 } from './embedded-s3.ts';

const run = promisify(execFile);
const FILES = { 'small file.txt': Buffer.from('hello'), 'large.wav': patternedBytes(20 * 1024 ** 2) };

/** Starts a server, and runs clients in a home directory of their own, with a few files in it. */
async function startWithFiles() {
  const s3 = await startEmbeddedS3();
  const home = join(s3.directory, 'home');
  await mkdir(home);
  for (const [name, bytes] of Object.entries(FILES)) await writeFile(join(home, name), bytes);
  const environment = {
    PATH: process.env.PATH,
    HOME: home,
    NO_PROXY: '127.0.0.1',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(home, 'aws-config'),
    RCLONE_CONFIG: join(home, 'rclone.conf'),
    RCLONE_CONFIG_LOCAL_TYPE: 's3',
    RCLONE_CONFIG_LOCAL_PROVIDER: 'Other',
    RCLONE_CONFIG_LOCAL_ENV_AUTH: 'true',
    RCLONE_CONFIG_LOCAL_REGION: REGION,
    RCLONE_CONFIG_LOCAL_ENDPOINT: s3.url,
  };
  await writeFile(
    environment.AWS_CONFIG_FILE,
    '[default]\ns3 =\n  addressing_style = path\n  signature_version = s3v4\n',
  );
  await writeFile(environment.RCLONE_CONFIG, '');
  const call = async (command: string, ...parameters: string[]) =>
    (await run(command, parameters, { cwd: home, env: environment })).stdout;
  return { s3, home, call };
}

describe.runIf(hasTool('curl'))('curl', () => {
  test('downloads a presigned URL, and any range of it', async () => {
    const { s3, home, call } = await startWithFiles();
    const object = { Bucket: BUCKET, Key: '2026/ü +/large.wav' };
    await s3.client.send(new PutObjectCommand({ ...object, Body: FILES['large.wav'] }));
    const url = await getSignedUrl(s3.client, new GetObjectCommand(object));
    await call('curl', '--silent', '--fail', '--output', 'whole', url);
    expect((await readFile(join(home, 'whole'))).equals(FILES['large.wav'])).toBe(true);
    await call('curl', '--silent', '--fail', '--range', '-1000', '--output', 'end', url);
    expect((await readFile(join(home, 'end'))).equals(FILES['large.wav'].subarray(-1000))).toBe(true);
  });
});

describe.runIf(hasTool('aws'))('the AWS CLI', { timeout: 120_000 }, () => {
  test('copies files up and down, lists, presigns and removes them', async () => {
    const { s3, home, call } = await startWithFiles();
    const aws = (...parameters: string[]) => call('aws', '--endpoint-url', s3.url, ...parameters);
    for (const [name, bytes] of Object.entries(FILES)) {
      const uri = `s3://${BUCKET}/2026/ü +/${name}`;
      await aws('s3', 'cp', '--only-show-errors', name, uri);
      await aws('s3', 'cp', '--only-show-errors', uri, 'downloaded');
      expect((await readFile(join(home, 'downloaded'))).equals(bytes)).toBe(true);
      expect(await aws('s3', 'ls', `s3://${BUCKET}/2026/ü +/`)).toContain(`${bytes.length} ${name}`);
      const presigned = await fetch((await aws('s3', 'presign', uri, '--expires-in', '60')).trim());
      expect(Buffer.from(await presigned.arrayBuffer()).equals(bytes)).toBe(true);
      await aws('s3', 'rm', '--only-show-errors', uri);
    }
    expect(await aws('s3', 'ls', '--recursive', `s3://${BUCKET}`).catch(() => '')).toBe('');
  });

  test('moves an object within a bucket', async () => {
    const { s3, call } = await startWithFiles();
    const aws = (...parameters: string[]) => call('aws', '--endpoint-url', s3.url, ...parameters);
    await aws('s3', 'cp', '--only-show-errors', 'small file.txt', `s3://${BUCKET}/old/ü +.txt`);
    await aws('s3', 'mv', '--only-show-errors', `s3://${BUCKET}/old/ü +.txt`, `s3://${BUCKET}/new/ü +.txt`);
    expect(await aws('s3', 'ls', '--recursive', `s3://${BUCKET}`)).toMatch(/^\S+ \S+ +\d+ new\/ü \+\.txt\n$/);
  });

  test('makes a bucket, syncs a folder both ways and removes everything', async () => {
    const { s3, home, call } = await startWithFiles();
    const aws = (...parameters: string[]) => call('aws', '--endpoint-url', s3.url, ...parameters);
    await aws('s3', 'mb', 's3://second-bucket');
    const filter = ['--exclude', '*', '--include', '*.txt', '--include', '*.wav'];
    await aws('s3', 'sync', '--only-show-errors', home, 's3://second-bucket/home', ...filter);
    expect((await aws('s3', 'ls', '--recursive', 's3://second-bucket')).trim().split('\n')).toHaveLength(2);
    await aws('s3', 'sync', '--only-show-errors', 's3://second-bucket/home', 'copy');
    for (const [name, bytes] of Object.entries(FILES)) {
      expect((await readFile(join(home, 'copy', name))).equals(bytes)).toBe(true);
    }
    await aws('s3', 'rm', '--only-show-errors', '--recursive', 's3://second-bucket');
    const keys = JSON.parse(
      (await aws('s3api', 'list-objects-v2', '--bucket', 'second-bucket', '--output', 'json')) || '{}',
    );
    expect(keys.Contents).toBeUndefined();
  });
});

describe.runIf(hasTool('rclone'))('rclone', { timeout: 120_000 }, () => {
  // With the first, each file is one PUT. With the second, the large one is uploaded in parts.
  test.each(['100M', '5M'])(
    'copies files up and down, lists, checks, presigns and removes them, in parts above %s',
    async (cutoff) => {
      const { home, call } = await startWithFiles();
      const rclone = (...parameters: string[]) =>
        call(
          'rclone',
          '--s3-upload-cutoff',
          cutoff,
          '--s3-chunk-size',
          '5M',
          '--retries',
          '1',
          ...parameters,
        );
      for (const [name, bytes] of Object.entries(FILES)) {
        const path = `local:${BUCKET}/2026/ü +/${name}`;
        await rclone('copyto', name, path);
        await rclone('copyto', path, 'downloaded');
        expect((await readFile(join(home, 'downloaded'))).equals(bytes)).toBe(true);
        expect(await rclone('ls', `local:${BUCKET}`)).toContain(`${bytes.length} 2026/ü +/${name}`);
        const presigned = await fetch((await rclone('link', '--expire', '60s', path)).trim());
        expect(Buffer.from(await presigned.arrayBuffer()).equals(bytes)).toBe(true);
        await rclone('deletefile', path);
      }
      await rclone('copy', '--include', '*.{txt,wav}', home, `local:${BUCKET}/home`);
      // The same bytes with another modification time, which is metadata of the object, are not transferred again.
      await utimes(join(home, 'small file.txt'), 1, 1);
      await rclone('copy', '--include', '*.{txt,wav}', home, `local:${BUCKET}/home`);
      expect(await rclone('lsl', `local:${BUCKET}/home/small file.txt`)).toContain(' 1970-01-01 ');
      // It compares MD5s where S3 has them, and with --download the bytes themselves.
      await rclone('check', '--include', '*.{txt,wav}', home, `local:${BUCKET}/home`);
      await rclone('check', '--include', '*.{txt,wav}', '--download', home, `local:${BUCKET}/home`);
      await rclone('moveto', `local:${BUCKET}/home/large.wav`, `local:${BUCKET}/moved.wav`);
      expect(await rclone('lsf', '--recursive', '--files-only', `local:${BUCKET}`)).toBe(
        'home/small file.txt\nmoved.wav\n',
      );
      await rclone('delete', `local:${BUCKET}`);
      expect(await rclone('lsf', '--recursive', `local:${BUCKET}`)).toBe('');
    },
  );
});
