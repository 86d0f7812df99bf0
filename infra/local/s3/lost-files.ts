import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { plural } from '../../shared/text.ts';
import { isPlainKey, OTHER_FOLDER } from './data-file.ts';
import type { StoredObject } from './stored-object.ts';

/** Where metadata and data files no longer match, through a damaged disk, an incomplete backup or a person. */
export interface LostFiles {
  /** Objects made of files without metadata. A file that someone has put there is one as well. */
  readonly restored: readonly StoredObject[];
  /** Objects without a file. */
  readonly missing: readonly StoredObject[];
  /** Objects whose file has another size than was written. */
  readonly resized: readonly StoredObject[];
  /** Files without metadata whose path does not state their key. */
  readonly nameless: readonly string[];
}

export function findLostFiles(folder: string, objects: readonly StoredObject[]): LostFiles {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
  const owned = new Set(objects.map(({ file }) => comparable(file)));
  const ownerless = files.filter((file) => !owned.has(comparable(file)));
  const keys = new Set(objects.map(({ key }) => key));
  const exists = ({ file }: StoredObject) => existsSync(join(folder, file));
  return {
    restored: ownerless
      .filter((file) => isPlainKey(file) && !keys.has(file))
      .map((file) => describeFile(folder, file)),
    missing: objects.filter((object) => !exists(object)),
    resized: objects.filter(
      (object) => exists(object) && statSync(join(folder, object.file)).size !== object.size,
    ),
    nameless: ownerless.filter((file) => file.startsWith(`${OTHER_FOLDER}/`)),
  };
}

/** Some file systems return a path in another Unicode form, or with the case of a folder that was there before. */
const comparable = (path: string) => path.normalize('NFC').toLowerCase();

function describeFile(folder: string, file: string): StoredObject {
  const { size, mtimeMs } = statSync(join(folder, file));
  const identity = createHash('md5').update(`${file} ${size} ${mtimeMs}`).digest('hex');
  return {
    key: file,
    file,
    size,
    // With a number of parts, no client takes it for the MD5 of the bytes.
    etag: `"${identity}-1"`,
    lastModifiedMs: Math.floor(mtimeMs),
    headers: { 'content-type': 'binary/octet-stream' },
  };
}

/** Sentences for the user. `damaged` are paths of metadata that could not be read, nor made anew. */
export function describeLostFiles(
  folder: string,
  { restored, missing, resized, nameless }: LostFiles,
  damaged: readonly string[],
): string[] {
  const sentences: string[] = [];
  const [firstRestored] = restored;
  if (firstRestored !== undefined) {
    sentences.push(
      `${plural(restored.length, 'file')} in ${folder} had no metadata, such as ${firstRestored.file}. Each is an object again, but what the metadata told of the call is lost, unless you restore .s3 from a backup.`,
    );
  }
  const [firstMissing] = missing;
  if (firstMissing !== undefined) {
    sentences.push(
      `${plural(missing.length, 'object')} in ${folder} have lost their bytes, such as ${firstMissing.file}, and are no longer listed. Restore the files from a backup and start again, or archive the recordings again with npm run backfill -- --local.`,
    );
  }
  const [firstResized] = resized;
  if (firstResized !== undefined) {
    sentences.push(
      `The size of ${plural(resized.length, 'file')} in ${folder} has changed, such as that of ${firstResized.file}. What is damaged is no longer listed. Restore the files from a backup and start again, or archive the recordings again with npm run backfill -- --local.`,
    );
  }
  for (const file of nameless) {
    sentences.push(
      `${join(folder, file)} has no metadata, which had the key of the object: it is not listed. Restore .s3 from a backup and start again, or give the file a name of its own outside ${OTHER_FOLDER}.`,
    );
  }
  for (const path of damaged) {
    sentences.push(
      `${path} is damaged, and its object cannot be listed. Restore it from a backup and start again, or delete it.`,
    );
  }
  return sentences;
}
