import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { renameDurably, syncFolderOf, writeNewFile } from '../durable-file.ts';
import { createMutex } from '../mutex.ts';
import { StateError } from '../problems.ts';
import { chooseDataFile, hasFreePath } from './data-file.ts';
import type { ObjectChange } from './events.ts';
import { describeLostFiles, findLostFiles } from './lost-files.ts';
import { StoredObject } from './stored-object.ts';
import { Uploads } from './uploads.ts';

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
  readonly #onChange: (change: ObjectChange) => void;
  readonly #objects = new Map<string, StoredObject>();
  /** Not listed, because their bytes are damaged. Their files go when they are replaced or deleted. */
  readonly #damaged = new Map<string, StoredObject>();
  readonly #oneAtATime = createMutex();
  #sortedKeys: string[] | undefined;

  /**
   * Opens or creates the bucket, and removes what a crash has left unfinished. `warn` gets sentences for the user,
   * `onChange` each change of an object once it is durable.
   */
  constructor(
    directory: string,
    name: string,
    warn: (sentence: string) => void,
    onChange: (change: ObjectChange) => void,
  ) {
    this.name = name;
    this.#onChange = onChange;
    this.#folder = join(directory, name);
    this.#objectsFolder = join(directory, '.s3', name, 'objects');
    this.#temporaryFolder = join(directory, '.s3', name, 'temporary');
    const uploadsFolder = join(directory, '.s3', name, 'uploads');
    this.uploads = new Uploads(uploadsFolder, () => this.#temporaryPath());
    for (const folder of [this.#folder, this.#objectsFolder, this.#temporaryFolder, uploadsFolder]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    // Synchronously: awaiting each of a hundred thousand files would take several times as long.
    const { objects, damaged } = readMetadata(this.#objectsFolder);
    for (const object of objects) this.#objects.set(object.key, object);
    for (const { key, file } of readMetadata(this.#temporaryFolder).objects) {
      if (this.#objects.get(key)?.file !== file) rmSync(join(this.#folder, file), { force: true });
    }
    rmSync(this.#temporaryFolder, { recursive: true });
    mkdirSync(this.#temporaryFolder, { mode: 0o700 });
    const lost = findLostFiles(this.#folder, objects);
    for (const { key } of [...lost.missing, ...lost.resized]) this.#objects.delete(key);
    for (const object of lost.resized) this.#damaged.set(object.key, object);
    for (const object of lost.restored) {
      writeFileSync(this.#metadataPath(object.key), JSON.stringify(object), { mode: 0o600 });
      this.#objects.set(object.key, object);
    }
    const replaced = new Set(lost.restored.map(({ key }) => this.#metadataPath(key)));
    const unreadable = damaged.filter((path) => !replaced.has(path));
    for (const sentence of describeLostFiles(this.#folder, lost, unreadable)) warn(sentence);
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
      return object && { object, file: await openData(join(this.#folder, object.file), object.size) };
    });
  }

  /** Turns a temporary file, already synced, into an object. Nothing else changes between check and write. */
  commit(
    temporaryPath: string,
    details: Omit<StoredObject, 'file'>,
    precondition: Precondition,
    reason: ObjectChange['reason'],
  ): Promise<StoredObject> {
    return this.#oneAtATime(async () => {
      const current = this.#objects.get(details.key);
      precondition(current);
      const replaced = current ?? this.#damaged.get(details.key);
      const object = { ...details, file: await chooseDataFile(this.#folder, details.key) };
      const metadata = `${this.#temporaryPath()}.json`;
      const replacedMetadata = `${this.#temporaryPath()}.json`;
      await writeNewFile(metadata, JSON.stringify(object));
      await renameDurably(temporaryPath, join(this.#folder, object.file));
      if (replaced) await copyFile(this.#metadataPath(object.key), replacedMetadata);
      await renameDurably(metadata, this.#metadataPath(object.key));
      this.#objects.set(object.key, object);
      this.#damaged.delete(object.key);
      if (!current) this.#sortedKeys = undefined;
      this.#onChange({ bucket: this.name, reason, object });
      if (replaced) await this.#removeData(replaced, replacedMetadata);
      if (object.file !== object.key) await this.#moveToPlainPath(object);
      return object;
    });
  }

  /** Moves objects to the path of their key if it was taken when they were written, and is free now. */
  async tidyUp(): Promise<void> {
    for (const object of [...this.#objects.values()])
      if (object.file !== object.key) await this.#oneAtATime(() => this.#moveToPlainPath(object));
  }

  /**
   * The bytes have both names until the metadata has the new one, so either is right whenever the process is killed.
   * An object that cannot be moved, as on a file system without hard links, remains what and where it is.
   */
  async #moveToPlainPath(object: StoredObject): Promise<void> {
    const { key, file } = object;
    if (!(await hasFreePath(this.#folder, key))) return;
    const moved = { ...object, file: key };
    const metadata = `${this.#temporaryPath()}.json`;
    const oldMetadata = `${this.#temporaryPath()}.json`;
    try {
      await writeNewFile(metadata, JSON.stringify(moved));
      await copyFile(this.#metadataPath(key), oldMetadata);
      await link(join(this.#folder, file), join(this.#folder, key));
    } catch {
      for (const path of [metadata, oldMetadata]) await rm(path, { force: true });
      return;
    }
    try {
      await syncFolderOf(join(this.#folder, key));
      await rename(metadata, this.#metadataPath(key));
    } catch {
      await this.#removeData(moved, metadata);
      await rm(oldMetadata);
      return;
    }
    this.#objects.set(key, moved);
    await syncFolderOf(this.#metadataPath(key));
    await this.#removeData(object, oldMetadata);
  }

  delete(key: string): Promise<void> {
    return this.#oneAtATime(async () => {
      const object = this.#objects.get(key) ?? this.#damaged.get(key);
      if (!object) return;
      const metadata = `${this.#temporaryPath()}.json`;
      await renameDurably(this.#metadataPath(key), metadata);
      this.#objects.delete(key);
      this.#damaged.delete(key);
      this.#sortedKeys = undefined;
      this.#onChange({ bucket: this.name, reason: 'DeleteObject', object });
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

async function openData(path: string, size: number): Promise<FileHandle> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? damaged(`${path} is missing, though it has metadata.`) : error;
  });
  const { size: found } = await file.stat();
  if (found === size) return file;
  await file.close();
  throw damaged(`${path} has ${found} bytes, but ${size} were written.`);
}

const damaged = (what: string) =>
  new StateError(
    'StateDamaged',
    `${what} Restore it from a backup, or start again: then it is no longer listed.`,
  );

/** Reads all metadata in a folder. `damaged` are the paths of files that contain something else. */
function readMetadata(folder: string): { objects: StoredObject[]; damaged: string[] } {
  const parser = v.pipe(v.string(), v.parseJson(), StoredObject);
  const objects: StoredObject[] = [];
  const damaged: string[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.json')) continue;
    const path = join(folder, name);
    const object = v.safeParse(parser, readFileSync(path, 'utf8'));
    if (object.success) objects.push(object.output);
    else damaged.push(path);
  }
  return { objects, damaged };
}
