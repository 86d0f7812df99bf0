import { randomUUID } from 'node:crypto';
import { lstat, mkdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The folder within a bucket's folder for objects that cannot be files of their own name. No plain key is in it. */
const OTHER_FOLDER = '~other';
const MAXIMUM_NAME_BYTES = 200;
/** What every file system takes as an ordinary name: no leading dot, no trailing dot or space, none of `/\:*?"<>|`. */
const PLAIN_SEGMENT = /^[\p{L}\p{N}_](?:[\p{L}\p{N} ._,=@+()-]*[\p{L}\p{N}_=@+()-])?$/u;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Chooses the file for an object's bytes: `<bucket>/<key>` where the key is a plain path that nothing has taken
 * yet, otherwise `<bucket>/~other/<random>-<name>`. The latter serves odd keys (`..`, `*`, `a//b`), a key below
 * another (`a` and `a/b`), one that differs by case only on a file system that does not see it, and an object
 * that replaces one of the same key while that still has the plain name.
 */
export async function chooseDataFile(folder: string, key: string): Promise<string> {
  if (key.split('/').every(isPlainSegment) && (await isFree(join(folder, key)))) return key;
  await mkdir(join(folder, OTHER_FOLDER), { recursive: true });
  const name = key
    .slice(key.lastIndexOf('/') + 1)
    .replace(/[^\w.-]/g, '_')
    .slice(-100);
  return `${OTHER_FOLDER}/${randomUUID()}-${name}`;
}

function isPlainSegment(segment: string): boolean {
  return (
    PLAIN_SEGMENT.test(segment) &&
    !WINDOWS_DEVICE.test(segment) &&
    Buffer.byteLength(segment) <= MAXIMUM_NAME_BYTES
  );
}

async function isFree(path: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await lstat(path);
    return false;
  } catch (error) {
    // ENOENT: the folder is there now and the name in it is free. Anything else: a file is where a folder would have to be.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Removes the folders that a deleted object has left empty. */
export async function removeEmptyFolders(folder: string, file: string): Promise<void> {
  for (let path = dirname(file); path !== '.'; path = dirname(path)) {
    try {
      await rmdir(join(folder, path));
    } catch {
      return;
    }
  }
}
