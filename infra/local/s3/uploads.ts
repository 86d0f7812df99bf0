import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { Algorithm, ChecksumType } from './checksum.ts';
import { renameDurably, writeNewFile } from './durable-file.ts';
import { S3Error } from './errors.ts';

/** A multipart upload in progress. */
const Upload = v.object({
  uploadId: v.string(),
  key: v.string(),
  initiatedMs: v.number(),
  headers: v.record(v.string(), v.string()),
  checksum: v.optional(v.object({ algorithm: Algorithm, type: ChecksumType })),
});
export type Upload = v.InferOutput<typeof Upload>;

const Part = v.object({
  number: v.number(),
  /** The name of the file with its bytes, in the upload's folder. */
  file: v.string(),
  size: v.number(),
  etag: v.string(),
  checksum: v.optional(v.object({ algorithm: Algorithm, value: v.string() })),
});
export type Part = v.InferOutput<typeof Part>;

const UPLOAD_FILE = 'upload.json';
const PART_FILE = /^part-\d+\.json$/;

/**
 * The uploads in progress of one bucket, a folder each: `upload.json`, and for each part its bytes under a
 * random name and `part-<number>.json`, which is renamed into place last and so decides which bytes count.
 */
export class Uploads {
  readonly #root: string;
  readonly #temporaryPath: () => string;

  constructor(root: string, temporaryPath: () => string) {
    this.#root = root;
    this.#temporaryPath = temporaryPath;
  }

  async create(details: Omit<Upload, 'uploadId'>): Promise<string> {
    const uploadId = randomUUID().replaceAll('-', '');
    const prepared = this.#temporaryPath();
    await mkdir(prepared, { mode: 0o700 });
    await writeNewFile(join(prepared, UPLOAD_FILE), JSON.stringify({ ...details, uploadId }));
    await renameDurably(prepared, this.#folder(uploadId));
    return uploadId;
  }

  /** Throws `NoSuchUpload` unless the upload is in progress for that key. */
  async get(uploadId: string, key: string): Promise<Upload> {
    // An ID of another form is no name that may reach the file system.
    const upload = /^[0-9a-f]{32}$/.test(uploadId)
      ? await readJson(Upload, this.#path(uploadId, UPLOAD_FILE))
      : undefined;
    if (upload?.key !== key) throw noSuchUpload();
    return upload;
  }

  async list(): Promise<Upload[]> {
    const uploads: Upload[] = [];
    for (const uploadId of await readdir(this.#root)) {
      const upload = await readJson(Upload, this.#path(uploadId, UPLOAD_FILE));
      if (upload) uploads.push(upload);
    }
    return uploads;
  }

  async parts(uploadId: string): Promise<Part[]> {
    const parts: Part[] = [];
    for (const name of await readdir(this.#folder(uploadId)).catch(toNoSuchUpload)) {
      const part = PART_FILE.test(name) ? await readJson(Part, this.#path(uploadId, name)) : undefined;
      if (part) parts.push(part);
    }
    return parts.sort((left, right) => left.number - right.number);
  }

  /** Makes the bytes in `temporaryPath`, already synced to disk, a part, in place of one of the same number. */
  async putPart(uploadId: string, temporaryPath: string, details: Omit<Part, 'file'>): Promise<void> {
    const path = this.#path(uploadId, `part-${details.number}.json`);
    const part: Part = { ...details, file: randomUUID() };
    const metadata = this.#temporaryPath();
    try {
      await writeNewFile(metadata, JSON.stringify(part));
      const replaced = await readJson(Part, path);
      await rename(temporaryPath, this.#path(uploadId, part.file));
      await renameDurably(metadata, path);
      if (replaced) await rm(this.#path(uploadId, replaced.file), { force: true });
    } catch (error) {
      // The upload has been completed or aborted meanwhile.
      toNoSuchUpload(error);
    } finally {
      await rm(metadata, { force: true });
    }
  }

  /** The bytes of these parts, one after the other. */
  async *read(uploadId: string, parts: readonly Part[]): AsyncGenerator<Buffer> {
    for (const part of parts) {
      try {
        yield* createReadStream(this.#path(uploadId, part.file), { highWaterMark: 1024 ** 2 });
      } catch (error) {
        toNoSuchUpload(error);
      }
    }
  }

  /** Ends an upload and discards its parts, unless someone else has done so. */
  async remove(uploadId: string): Promise<void> {
    const discarded = this.#temporaryPath();
    try {
      // One rename, so that an upload is never left with some of its parts.
      await rename(this.#folder(uploadId), discarded);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await rm(discarded, { recursive: true, force: true });
  }

  #folder(uploadId: string): string {
    return join(this.#root, uploadId);
  }

  #path(uploadId: string, name: string): string {
    return join(this.#folder(uploadId), name);
  }
}

function noSuchUpload(): S3Error {
  return new S3Error('NoSuchUpload', 'The upload does not exist: it may have been aborted or completed.');
}

function toNoSuchUpload(error: unknown): never {
  throw isMissing(error) ? noSuchUpload() : error;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function readJson<T extends v.GenericSchema>(
  schema: T,
  path: string,
): Promise<v.InferOutput<T> | undefined> {
  try {
    return v.parse(schema, JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
