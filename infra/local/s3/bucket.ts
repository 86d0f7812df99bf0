import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { chooseDataFile, removeEmptyFolders } from './data-file.ts';
import { renameDurably, writeNewFile } from './durable-file.ts';
import { createMutex } from './mutex.ts';
import { StoredObject } from './stored-object.ts';
import { Uploads } from './uploads.ts';

/** Looks at the object that a write would replace, and throws when the write must not happen. */
export type Precondition = (current: StoredObject | undefined) => void;

/**
 * One bucket on disk:
 *
 *     <directory>/<bucket>/<key>                            an object's bytes, an ordinary file (see data-file.ts)
 *     <directory>/.s3/<bucket>/objects/<SHA-256 of key>.json   its metadata, with the name of that file
 *     <directory>/.s3/<bucket>/temporary/                    what is being written
 *     <directory>/.s3/<bucket>/uploads/                      multipart uploads (see uploads.ts)
 *
 * An object exists when its metadata does: renaming that into place is the one step that makes it appear, and
 * renaming it away the one that deletes it. While a data file is without an owner, before the first and after
 * the second, a copy of its metadata is in `temporary/`, so that the next start can remove what a crash left.
 */
export class Bucket {
  readonly name: string;
  readonly #folder: string;
  readonly #objectsFolder: string;
  readonly #temporaryFolder: string;
  readonly #uploadsFolder: string;
  readonly uploads: Uploads;
  readonly #objects = new Map<string, StoredObject>();
  readonly #oneAtATime = createMutex();
  #sortedKeys: string[] | undefined;

  private constructor(directory: string, name: string) {
    this.name = name;
    this.#folder = join(directory, name);
    const state = join(directory, '.s3', name);
    this.#objectsFolder = join(state, 'objects');
    this.#temporaryFolder = join(state, 'temporary');
    this.#uploadsFolder = join(state, 'uploads');
    this.uploads = new Uploads(this.#uploadsFolder, () => this.temporaryPath());
  }

  /** Opens a bucket, or creates it, and clears away what a crash has left half done. */
  static async open(directory: string, name: string): Promise<Bucket> {
    const bucket = new Bucket(directory, name);
    for (const folder of [
      bucket.#folder,
      bucket.#objectsFolder,
      bucket.#temporaryFolder,
      bucket.#uploadsFolder,
    ]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    // Synchronous: with a hundred thousand recordings, awaiting each file would take several times as long.
    for (const object of readObjects(bucket.#objectsFolder)) bucket.#objects.set(object.key, object);
    for (const { key, file } of readObjects(bucket.#temporaryFolder)) {
      if (bucket.#objects.get(key)?.file !== file) await rm(join(bucket.#folder, file), { force: true });
    }
    await rm(bucket.#temporaryFolder, { recursive: true });
    await mkdir(bucket.#temporaryFolder, { mode: 0o700 });
    return bucket;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** All keys, in the order of their UTF-8 bytes, as S3 lists them. */
  keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#objects.keys()]
      .map((key) => Buffer.from(key))
      .sort(Buffer.compare)
      .map(String);
    return this.#sortedKeys;
  }

  /** A path for a new file on the same file system. Whoever asks for it removes the file, if it is still there. */
  temporaryPath(): string {
    return join(this.#temporaryFolder, randomUUID());
  }

  /** Opens an object's bytes together with the metadata that belongs to them. The caller closes the file. */
  open(key: string): Promise<{ object: StoredObject; file: FileHandle } | undefined> {
    return this.#oneAtATime(async () => {
      const object = this.#objects.get(key);
      return object && { object, file: await open(join(this.#folder, object.file), 'r') };
    });
  }

  /** Makes the bytes in `temporaryPath`, already synced to disk, an object. Precondition and change are one step. */
  commit(
    temporaryPath: string,
    details: Omit<StoredObject, 'file'>,
    precondition: Precondition,
  ): Promise<StoredObject> {
    return this.#oneAtATime(async () => {
      const replaced = this.#objects.get(details.key);
      precondition(replaced);
      const object = { ...details, file: await chooseDataFile(this.#folder, details.key) };
      const metadata = this.#temporaryMetadataPath();
      await writeNewFile(metadata, JSON.stringify(object));
      await renameDurably(temporaryPath, join(this.#folder, object.file));
      const replacedMetadata = replaced && this.#temporaryMetadataPath();
      if (replacedMetadata) await copyFile(this.#metadataPath(object.key), replacedMetadata);

      await renameDurably(metadata, this.#metadataPath(object.key));
      if (!replaced) this.#sortedKeys = undefined;
      this.#objects.set(object.key, object);
      if (replacedMetadata) await this.#removeData(replaced.file, replacedMetadata);
      return object;
    });
  }

  delete(key: string): Promise<void> {
    return this.#oneAtATime(async () => {
      const object = this.#objects.get(key);
      if (!object) return;
      const metadata = this.#temporaryMetadataPath();
      await renameDurably(this.#metadataPath(key), metadata);
      this.#objects.delete(key);
      this.#sortedKeys = undefined;
      await this.#removeData(object.file, metadata);
    });
  }

  async #removeData(file: string, metadata: string): Promise<void> {
    await rm(join(this.#folder, file), { force: true });
    await removeEmptyFolders(this.#folder, file);
    await rm(metadata);
  }

  #metadataPath(key: string): string {
    return join(this.#objectsFolder, `${createHash('sha256').update(key).digest('hex')}.json`);
  }

  #temporaryMetadataPath(): string {
    return `${this.temporaryPath()}.json`;
  }
}

/** Reads all metadata in a folder, passing over a file that a crash has cut off. */
function readObjects(folder: string): StoredObject[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const object = v.safeParse(
        v.pipe(v.string(), v.parseJson(), StoredObject),
        readFileSync(join(folder, name), 'utf8'),
      );
      return object.success ? [object.output] : [];
    });
}
