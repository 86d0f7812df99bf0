import { randomUUID } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Folder inside a bucket's folder for objects whose key cannot be their path. No plain key starts with it. */
export const OTHER_FOLDER = '~other';
const MAXIMUM_NAME_BYTES = 200;
/** A name that every file system accepts: no leading dot, no trailing dot or space, none of `/\:*?"<>|`. */
const PLAIN_NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N} ._,=@+()-]*[\p{L}\p{N}_=@+()-])?$/u;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Chooses the file for an object's bytes, relative to the bucket's folder: the key itself if it is a plain path
 * that is free, otherwise `~other/<random>`. The latter takes odd keys (`..`, `*`, `a//b`), a key below another
 * (`a` and `a/b`), one that differs only by case on a file system that ignores case, and for a moment the new version
 * of an object while the old one still has the plain path.
 */
export async function chooseDataFile(folder: string, key: string): Promise<string> {
  if (await hasFreePath(folder, key)) return key;
  await mkdir(join(folder, OTHER_FOLDER), { recursive: true, mode: 0o700 });
  return `${OTHER_FOLDER}/${randomUUID()}`;
}

/** Whether the key is a plain path that is free. */
export const hasFreePath = async (folder: string, key: string) =>
  isPlainKey(key) && (await isFree(join(folder, key)));

/** Whether a file at this path, relative to the bucket's folder, has the path as its key. */
export const isPlainKey = (path: string) => path.split('/').every(isPlainName);

function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name) && !WINDOWS_DEVICE.test(name) && Buffer.byteLength(name) <= MAXIMUM_NAME_BYTES;
}

/** Creates the folder that the path is in. */
async function isFree(path: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await lstat(path);
    return false;
  } catch (error) {
    // Any other error: a file stands where a folder would have to be.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
