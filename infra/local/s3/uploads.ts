import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { renameDurably, writeNewFile } from '../durable-file.ts';
import { Algorithm, ChecksumType } from './checksum.ts';
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

export interface Part {
  readonly number: number;
  readonly size: number;
  readonly md5Hex: string;
  /** In base64, by the upload's algorithm. Empty if the upload has none. */
  readonly checksum: string;
}

const UPLOAD_FILE = 'upload.json';
const PART_FILE = /^(\d+)-(\d+)-([0-9a-f]{32})-([\w-]*)$/;

/**
 * A bucket's uploads in progress, each in a folder: `upload.json`, and a file for each part. The name of a part's
 * file states everything about the part, so that one rename is all it takes to add it. A part that is uploaded
 * again becomes a second file; the list that completes the upload says, by its ETag, which one counts.
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
    await renameDurably(prepared, join(this.#root, uploadId));
    return uploadId;
  }

  /** Throws `NoSuchUpload` unless such an upload is in progress for that key. */
  async get(uploadId: string, key: string): Promise<Upload> {
    // Anything else, such as `..`, must not become part of a path.
    const upload = /^[0-9a-f]{32}$/.test(uploadId) ? await this.#read(uploadId) : undefined;
    if (upload?.key !== key) throw noSuchUpload();
    return upload;
  }

  async list(): Promise<Upload[]> {
    const uploads = await Promise.all((await readdir(this.#root)).map((uploadId) => this.#read(uploadId)));
    return uploads.filter((upload) => upload !== undefined);
  }

  async parts(uploadId: string): Promise<Part[]> {
    const files = await readdir(join(this.#root, uploadId)).catch(toNoSuchUpload);
    return files.flatMap((file) => {
      const [, number, size, md5Hex = '', checksum = ''] = PART_FILE.exec(file) ?? [];
      if (number === undefined) return [];
      const base64 = Buffer.from(checksum, 'base64url').toString('base64');
      return [{ number: Number(number), size: Number(size), md5Hex, checksum: base64 }];
    });
  }

  /** Turns a temporary file, already synced, into a part. */
  async addPart(uploadId: string, temporaryPath: string, part: Part): Promise<void> {
    await renameDurably(temporaryPath, this.#partPath(uploadId, part)).catch(toNoSuchUpload);
  }

  /** Yields the bytes of these parts in turn. */
  async *read(uploadId: string, parts: readonly Part[]): AsyncGenerator<Buffer> {
    for (const part of parts) {
      try {
        yield* createReadStream(this.#partPath(uploadId, part), { highWaterMark: 1024 ** 2 });
      } catch (error) {
        toNoSuchUpload(error);
      }
    }
  }

  /** Ends an upload and deletes its parts. Does nothing if it has ended already. */
  async remove(uploadId: string): Promise<void> {
    const discarded = this.#temporaryPath();
    // A rename removes all parts at once: a crash must not leave an upload with some of them.
    await rename(join(this.#root, uploadId), discarded).catch(ignoreMissing);
    await rm(discarded, { recursive: true, force: true });
  }

  /** Removes the uploads that were initiated, or whose folder was last changed, before that time. */
  async removeOlderThan(timeMs: number): Promise<void> {
    for (const uploadId of await readdir(this.#root)) {
      const upload = await this.#read(uploadId);
      const folder = upload ? undefined : await stat(join(this.#root, uploadId)).catch(ignoreMissing);
      const startedMs = upload?.initiatedMs ?? folder?.mtimeMs;
      if (startedMs !== undefined && startedMs < timeMs) await this.remove(uploadId);
    }
  }

  /** Returns `undefined` also if the file is damaged: its parts are of no use then. */
  async #read(uploadId: string): Promise<Upload | undefined> {
    const json = await readFile(join(this.#root, uploadId, UPLOAD_FILE), 'utf8').catch(ignoreMissing);
    const upload = v.safeParse(v.pipe(v.string(), v.parseJson(), Upload), json);
    return upload.success ? upload.output : undefined;
  }

  #partPath(uploadId: string, { number, size, md5Hex, checksum }: Part): string {
    const base64url = Buffer.from(checksum, 'base64').toString('base64url');
    return join(this.#root, uploadId, `${number}-${size}-${md5Hex}-${base64url}`);
  }
}

function noSuchUpload(): S3Error {
  return new S3Error('NoSuchUpload', 'The upload does not exist: it may have been aborted or completed.');
}

/** Files are missing if someone has completed or aborted the upload in the meantime. */
function toNoSuchUpload(error: unknown): never {
  ignoreMissing(error);
  throw noSuchUpload();
}

function ignoreMissing(error: unknown): undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!['ENOENT', 'ENOTDIR'].includes(code)) throw error;
}
