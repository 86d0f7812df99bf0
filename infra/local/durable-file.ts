import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a new file, readable by its owner only, and returns once its bytes are on disk. */
export async function writeNewFile(path: string, content: string | AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file atomically, by one that is readable by its owner only. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const prepared = `${path}.new`;
  await rm(prepared, { force: true });
  await writeNewFile(prepared, content);
  await renameDurably(prepared, path);
}

/** Renames atomically, and returns once the new name is on disk. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolderOf(to);
}

/** Returns once the name of this file, or that it is gone, is on disk. */
export async function syncFolderOf(path: string): Promise<void> {
  // Windows cannot open a directory to sync it.
  if (process.platform === 'win32') return;
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
