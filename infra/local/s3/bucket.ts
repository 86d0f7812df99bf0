import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { copyFile, type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { renameDurably, writeNewFile } from '../durable-file.ts';
import { createMutex } from '../mutex.ts';
import { ChecksumType } from './checksum.ts';
import { chooseDataFile } from './data-file.ts';
import { S3Error } from './errors.ts';
import { Uploads } from './uploads.ts';

/** An object's metadata, as kept on disk. */
const StoredObject = v.object({
  key: v.string(),
  /** Path of the bytes, relative to the bucket's folder, always with `/`. */
  file: v.string(),
  size: v.number(),
  /** With its quotes, as in the ETag header. */
  etag: v.string(),
  lastModifiedMs: v.number(),
  /** Headers that GET and HEAD return: Content-Type and the like, and x-amz-meta-*. */
  headers: v.record(v.string(), v.string()),
  checksum: v.optional(v.object({ algorithm: v.string(), value: v.string(), type: ChecksumType })),
});
export type StoredObject = v.InferOutput<typeof StoredObject>;

/** Gets the object that a write would replace. Throws if the write must not happen. */
export type Precondition = (current: StoredObject | undefined) => void;

/**
 * A bucket on disk; README.md shows its folders. An object exists if its metadata does: one rename puts the
 * metadata in place, and one rename takes it away. Whenever a data file has no such owner, its metadata is in the
 * temporary folder, so that the next start finds and removes the file if the process has been killed.
 */
export class Bucket {
  readonly name: string;
  readonly uploads: Uploads;
  readonly #folder: string;
  readonly #objectsFolder: string;
  readonly #temporaryFolder: string;
  readonly #objects = new Map<string, StoredObject>();
  readonly #oneAtATime = createMutex();
  #sortedKeys: string[] | undefined;

  /** Opens or creates the bucket, and removes what a crash has left unfinished. */
  constructor(directory: string, name: string) {
    this.name = name;
    this.#folder = join(directory, name);
    this.#objectsFolder = join(directory, '.s3', name, 'objects');
    this.#temporaryFolder = join(directory, '.s3', name, 'temporary');
    const uploadsFolder = join(directory, '.s3', name, 'uploads');
    this.uploads = new Uploads(uploadsFolder, () => this.#temporaryPath());
    for (const folder of [this.#folder, this.#objectsFolder, this.#temporaryFolder, uploadsFolder]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    // Synchronously: awaiting each of a hundred thousand files would take several times as long.
    for (const object of readMetadata(this.#objectsFolder)) this.#objects.set(object.key, object);
    for (const { key, file } of readMetadata(this.#temporaryFolder)) {
      if (this.#objects.get(key)?.file !== file) rmSync(join(this.#folder, file), { force: true });
    }
    rmSync(this.#temporaryFolder, { recursive: true });
    mkdirSync(this.#temporaryFolder, { mode: 0o700 });
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** All keys, in the order in which S3 lists them: that of their UTF-8 bytes. */
  keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#objects.keys()]
      .map((key) => Buffer.from(key))
      .sort(Buffer.compare)
      .map(String);
    return this.#sortedKeys;
  }

  /** Passes a path for a new file on the bucket's file system, and removes the file unless it has been renamed. */
  async withTemporaryFile<T>(use: (path: string) => Promise<T>): Promise<T> {
    const path = this.#temporaryPath();
    try {
      return await use(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Opens an object's bytes together with the metadata that belongs to them. The caller closes the file. */
  open(key: string): Promise<{ object: StoredObject; file: FileHandle } | undefined> {
    return this.#oneAtATime(async () => {
      const object = this.#objects.get(key);
      return object && { object, file: await open(join(this.#folder, object.file), 'r') };
    });
  }

  /** Turns a temporary file, already synced, into an object. Nothing else changes between check and write. */
  commit(
    temporaryPath: string,
    details: Omit<StoredObject, 'file'>,
    precondition: Precondition,
  ): Promise<StoredObject> {
    return this.#oneAtATime(async () => {
      const replaced = this.#objects.get(details.key);
      precondition(replaced);
      const object = { ...details, file: await chooseDataFile(this.#folder, details.key) };
      const metadata = `${this.#temporaryPath()}.json`;
      const replacedMetadata = `${this.#temporaryPath()}.json`;
      await writeNewFile(metadata, JSON.stringify(object));
      await renameDurably(temporaryPath, join(this.#folder, object.file));
      if (replaced) await copyFile(this.#metadataPath(object.key), replacedMetadata);
      await renameDurably(metadata, this.#metadataPath(object.key));
      this.#objects.set(object.key, object);
      if (replaced) await this.#removeData(replaced, replacedMetadata);
      else this.#sortedKeys = undefined;
      return object;
    });
  }

  delete(key: string): Promise<void> {
    return this.#oneAtATime(async () => {
      const object = this.#objects.get(key);
      if (!object) return;
      const metadata = `${this.#temporaryPath()}.json`;
      await renameDurably(this.#metadataPath(key), metadata);
      this.#objects.delete(key);
      this.#sortedKeys = undefined;
      await this.#removeData(object, metadata);
    });
  }

  async #removeData({ file }: StoredObject, metadata: string): Promise<void> {
    await rm(join(this.#folder, file), { force: true });
    await rm(metadata);
  }

  #temporaryPath(): string {
    return join(this.#temporaryFolder, randomUUID());
  }

  #metadataPath(key: string): string {
    return join(this.#objectsFolder, `${createHash('sha256').update(key).digest('hex')}.json`);
  }
}

/** Reads all metadata in a folder, except for files that a crash has truncated. */
function readMetadata(folder: string): StoredObject[] {
  const parser = v.pipe(v.string(), v.parseJson(), StoredObject);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => v.safeParse(parser, readFileSync(join(folder, name), 'utf8')))
    .flatMap((object) => (object.success ? [object.output] : []));
}

/** S3's rule for bucket names. It also makes every name safe as the name of a folder. */
const BUCKET_NAME = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** The buckets in a directory. Only one process may have it open. */
export class Buckets {
  readonly #directory: string;
  readonly #buckets = new Map<string, Bucket>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(join(directory, '.s3'), { recursive: true, mode: 0o700 });
    for (const name of readdirSync(join(directory, '.s3'))) if (BUCKET_NAME.test(name)) this.create(name);
  }

  names(): string[] {
    return [...this.#buckets.keys()].sort();
  }

  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist.');
    return bucket;
  }

  /** Does nothing if the bucket exists. */
  create(name: string): void {
    if (!BUCKET_NAME.test(name)) throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
    if (!this.#buckets.has(name)) this.#buckets.set(name, new Bucket(this.#directory, name));
  }
}
