import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The files in a folder and in those below it, with their permissions in octal digits. */
export async function readFileModes(directory: string): Promise<{ name: string; mode: string }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const { mode } = await stat(join(parentPath, name));
        return { name, mode: (mode & 0o777).toString(8) };
      }),
  );
}
