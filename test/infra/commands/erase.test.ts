import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createS3Client } from '../../../functions/shared/aws-clients.ts';
import { markerKey } from '../../../functions/shared/recordings/markers.ts';
import { recordingKey } from '../../../functions/shared/recordings/recording-name.ts';
import { startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { findFreePort } from '../local/free-port.ts';
import { readHostFile } from '../local/read-host-file.ts';
import { makeDirectory, start, startScript } from '../local/start-process.ts';
import { identity } from '../simulated-pbx/harness.ts';

const PASSWORD = 'password-of-the-erasure';
const DAY = ['--from', '2026-03-01', '--to', '2026-03-01'];
const AT = Date.UTC(2026, 2, 1, 12);

/** Runs a command without a terminal; its two outputs apart. */
async function run(script: string, ...args: string[]) {
  const { PATH, NODE_OPTIONS, LOG_EVIDENCE_DIRECTORY } = process.env;
  const child = spawn(process.execPath, [`infra/commands/${script}.ts`, ...args], {
    env: { PATH, NODE_OPTIONS, LOG_EVIDENCE_DIRECTORY, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const outputs = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  const [stdout, stderr] = await outputs;
  return { code, stdout, stderr };
}

/** A local host with two archived recordings of a simulated PBX. */
async function startArchive() {
  const pbx = await startSimulatedPbx({ tls: identity, password: PASSWORD });
  onTestFinished(() => pbx.close());
  const calls = [1, 2].map(() => pbx.makeCall({ from: '+49 30 901820', to: '1003', startedAt: AT }));
  const [port, data] = [await findFreePort(), await makeDirectory()];
  const login = ['--pbx', pbx.url, '--username', 'api', '--fingerprint', pbx.fingerprint256 ?? ''];
  const place = ['--port', String(port), '--report-url', `127.0.0.1:${port}`, '--data', data];
  const host = start([...login, ...place], { PBX_PASSWORD: PASSWORD });
  await host.printed('make a recorded call');
  const local = ['--pbx', 'pbx', '--local', join(data, 'pbx')];
  const { AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, BUCKET_NAME } = await readHostFile(
    join(data, 'pbx'),
  );
  const s3 = createS3Client({
    endpoint: AWS_ENDPOINT_URL_S3 ?? '',
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID ?? '', secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '' },
  });
  const Bucket = BUCKET_NAME;
  return {
    pbx,
    host,
    calls: calls.map(({ recording }) => recording) as [string, string],
    local,
    backfill: () => run('backfill', ...DAY, ...local),
    erase: (...args: string[]) => run('erase', ...args, ...local),
    put: (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })),
    beginUpload: (Key: string) => s3.send(new CreateMultipartUploadCommand({ Bucket, Key })),
    async keys() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      return Contents.map(({ Key }) => Key);
    },
    async uploads() {
      return (await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];
    },
  };
}

describe('with a local host', { timeout: 60_000 }, () => {
  test('a recording is erased with all that names it, and backfill does not bring it back', async () => {
    const { pbx, calls, backfill, erase, put, beginUpload, keys, uploads } = await startArchive();
    const [recording, other] = calls;
    expect(await backfill()).toMatchObject({ code: 0 });
    const key = recordingKey('pbx', recording);
    await put(key.replace(/\.wav$/, '~0a1b2c3d.wav'));
    await put(markerKey('queued', 'pbx', recording));
    await put(markerKey('lost', 'pbx', recording));
    await beginUpload(key);

    const { code, stdout, stderr } = await erase('--recording', recording, '--yes');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr.trim().split('\n').slice(1, -1)).toEqual([
      `  ${key} (1 version)`,
      `  ${key.replace(/\.wav$/, '~0a1b2c3d.wav')} (1 version)`,
      `  ${markerKey('queued', 'pbx', recording)} (1 version)`,
      `  ${markerKey('lost', 'pbx', recording)} (1 version)`,
      `  ${key} (an unfinished upload)`,
    ]);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      pbx: 'pbx',
      recording,
      versionsDeleted: 4,
      versionsKept: [],
      deadLettersDeleted: 0,
      by: { accessKeyId: 'local' },
    });
    const left = (await keys()).filter((name) => !name?.startsWith('sessions/'));
    expect(left.sort()).toEqual([markerKey('erased', 'pbx', recording), recordingKey('pbx', other)].sort());
    expect((await keys()).join()).not.toContain(recording);
    expect(await uploads()).toEqual([]);

    const again = await backfill();
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('2 recordings: 1 archived, 0 missing, 1 erased on request');
    expect(pbx.stats.downloads).toBe(2);

    const twice = await erase('--recording', recording, '--yes');
    expect(twice).toMatchObject({ code: 0, stdout: '' });
    expect(twice.stderr).toContain('Nothing is left to erase');
  });

  test('a dead letter with the name is deleted as well', async () => {
    const { pbx, host, local, erase } = await startArchive();
    const misbehaviour = { kind: 'json-instead-of-audio', errno: '20015' } as const;
    const call = pbx.makeCall({ from: '1001', to: '1003', misbehaviour });
    await pbx.postReport(call.report);
    await host.printed('given up');
    const { code, stdout, stderr } = await erase('--recording', call.recording, '--yes');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain('(pbx-20015)');
    // The marker of the dead letter is an object.
    expect(JSON.parse(stdout)).toMatchObject({ versionsDeleted: 1, deadLettersDeleted: 1 });
    const listed = await run('dead-letters', ...local);
    expect(listed.stdout).toContain('There are no dead letters');
  });
});

describe('without a usable request, nothing is done', () => {
  test.each([
    [
      'no terminal to ask on',
      ['--pbx', 'pbx', '--recording', 'a.wav'],
      'Run the command in a terminal, or add --yes.',
    ],
    ['no name', ['--pbx', 'pbx', '--yes'], '--recording is required'],
    ['a blank name', ['--pbx', 'pbx', '--recording', ' ', '--yes'], '--recording should be the name'],
    ['no PBX', ['--recording', 'a.wav', '--yes'], '--pbx is required'],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await run('erase', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

test('its help lists all options', async () => {
  const help = startScript('infra/commands/erase.ts', ['--help'], {});
  expect(await help.ended).toBe(0);
  for (const option of ['--pbx', '--recording', '--yes', '--local']) expect(help.output()).toContain(option);
});
