import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startS3 } from '../../../../infra/local/s3/server.ts';
import { BUCKET, CREDENTIALS, createClient, patternedBytes, REGION, startEmbeddedS3 } from './embedded-s3.ts';

const SERVER = new URL('../../../../infra/local/s3/server.ts', import.meta.url).href;

/** Starts the server in a process that can be killed. `restart` starts one in this process. */
async function spawnS3() {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-s3-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const options = { directory, credentials: CREDENTIALS, region: REGION };
  const program = `import { startS3 } from '${SERVER}'; console.log((await startS3(${JSON.stringify(options)})).url);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [url] = await once(createInterface(child.stdout), 'line');
  const client = createClient(String(url));
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const restart = async () => {
    const server = await startS3(options);
    onTestFinished(() => server.close());
    return createClient(server.url);
  };
  return { directory, client, kill: () => child.kill('SIGKILL'), restart };
}

describe('a server that is killed with -9', () => {
  test('has every object that it acknowledged, and none that is incomplete', {
    timeout: 60_000,
  }, async () => {
    const { directory, client, kill, restart } = await spawnS3();

    // Few keys, so that the kill interrupts the creation of some objects and the replacement of others.
    const body = patternedBytes(300_000);
    const acknowledged = new Set<string>();
    let count = 0;
    const write = async () => {
      for (;;) {
        const Key = `calls/${count % 7}`;
        const Body = body.subarray(0, 1 + ((count * 7919) % body.length));
        count += 1;
        await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
        acknowledged.add(Key);
        if (acknowledged.size === 7 && count > 60) kill();
      }
    };
    await Promise.allSettled([write(), write(), write(), write()]);

    const survivor = await restart();
    const { Contents = [] } = await survivor.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(Contents.map(({ Key }) => Key)).toEqual([...acknowledged].sort());
    for (const { Key, ETag } of Contents) {
      const { Body } = await survivor.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      expect(`"${createHash('md5').update(bytes).digest('hex')}"`).toBe(ETag);
    }
    expect(await readdir(join(directory, '.s3', BUCKET, 'temporary'))).toEqual([]);
    const files = await readdir(join(directory, BUCKET), { recursive: true, withFileTypes: true });
    expect(files.filter((file) => file.isFile())).toHaveLength(Contents.length);
  });

  test('has every part that it acknowledged', { timeout: 60_000 }, async () => {
    const { directory, client, kill, restart } = await spawnS3();
    const upload = { Bucket: BUCKET, Key: 'long call' };
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        ...upload,
        ChecksumAlgorithm: 'CRC32',
        ChecksumType: 'FULL_OBJECT',
      }),
    );
    const body = patternedBytes(5 * 1024 ** 2 + 10);
    const bodyOf = (part: number) => body.subarray(part, part + 5 * 1024 ** 2);
    const acknowledged: CompletedPart[] = [];
    const uploadPart = async (PartNumber: number) => {
      const command = new UploadPartCommand({ ...upload, UploadId, PartNumber, Body: bodyOf(PartNumber) });
      const { ETag, ChecksumCRC32 } = await client.send(command);
      acknowledged.push({ PartNumber, ETag, ChecksumCRC32 });
      if (acknowledged.length === 4) kill();
    };
    await Promise.allSettled([1, 2, 3, 4, 5, 6, 7, 8].map(uploadPart));
    expect(acknowledged.length).toBeGreaterThanOrEqual(4);

    const survivor = await restart();
    const Parts = acknowledged.toSorted((left, right) => Number(left.PartNumber) - Number(right.PartNumber));
    const complete = new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } });
    await survivor.send(complete);
    const { Body } = await survivor.send(new GetObjectCommand(upload));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(Buffer.concat(Parts.map(({ PartNumber }) => bodyOf(Number(PartNumber)))))).toBe(true);
    expect(await readdir(join(directory, '.s3', BUCKET, 'uploads'))).toEqual([]);
  });

  test('removes a data file that does not belong to an object', async () => {
    const s3 = await startEmbeddedS3();
    const orphan = join(s3.directory, BUCKET, 'orphan.wav');
    const prepared = {
      key: 'orphan.wav',
      file: 'orphan.wav',
      size: 1,
      etag: '""',
      lastModifiedMs: 0,
      headers: {},
    };
    await writeFile(orphan, 'x');
    await writeFile(join(s3.directory, '.s3', BUCKET, 'temporary', 'a.json'), JSON.stringify(prepared));
    await writeFile(join(s3.directory, '.s3', BUCKET, 'temporary', 'b.json'), '{"key":"cut o');
    await writeFile(join(s3.directory, '.s3', BUCKET, 'temporary', 'c'), 'half a body');
    await s3.restart();
    await expect(access(orphan)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await s3.leftovers()).toEqual([]);
  });

  test('keeps the file of an object', async () => {
    const s3 = await startEmbeddedS3();
    await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'owned', Body: 'x' }));
    const stale = { key: 'owned', file: 'owned', size: 1, etag: '""', lastModifiedMs: 0, headers: {} };
    await writeFile(join(s3.directory, '.s3', BUCKET, 'temporary', 'a.json'), JSON.stringify(stale));
    await s3.restart();
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'owned' }));
    expect(await Body?.transformToString()).toBe('x');
  });
});
