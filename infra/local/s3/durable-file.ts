import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file that must not exist yet and returns once its bytes are on the disk. Readable by its owner only. */
export async function writeNewFile(path: string, content: string | AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts a file in place, whole or not at all, and returns once its new name is on the disk as well. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  // Windows cannot open a directory to sync it.
  if (process.platform === 'win32') return;
  const directory = await open(dirname(to), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
