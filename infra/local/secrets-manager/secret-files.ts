import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { renameDurably, writeNewFile } from '../durable-file.ts';
import { StateError, toStateError } from '../problems.ts';

const Secret = v.object({
  name: v.string(),
  arn: v.string(),
  createdMs: v.number(),
  /** Oldest first. */
  versions: v.array(
    v.object({
      id: v.string(),
      secretString: v.string(),
      stages: v.array(v.string()),
      createdMs: v.number(),
    }),
  ),
});
export type Secret = v.InferOutput<typeof Secret>;
export type Version = Secret['versions'][number];

export interface SecretFiles {
  read(name: string): Promise<Secret | undefined>;
  write(secret: Secret): Promise<void>;
}

/** Keeps one JSON file per secret, readable by its owner only. */
export async function openSecretFiles(directory: string): Promise<SecretFiles> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A crash may have left half-written files.
  for (const file of await readdir(directory)) {
    if (file.endsWith('.new')) await rm(join(directory, file));
  }
  // Damage is found at the start, when a person looks.
  for (const file of await readdir(directory))
    if (file.endsWith('.json')) await readSecret(join(directory, file));

  /** The hash distinguishes names that are cut off here, or that a file system treats as the same. */
  function secretPath(name: string): string {
    const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
    return join(directory, `${encodeURIComponent(name).slice(0, 150)}-${hash}.json`);
  }

  return {
    async read(name) {
      try {
        return await readSecret(secretPath(name));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(secret) {
      const temporaryPath = join(directory, `${randomUUID()}.new`);
      await writeNewFile(temporaryPath, JSON.stringify(secret, null, 2));
      await renameDurably(temporaryPath, secretPath(secret.name));
    },
  };
}

async function readSecret(path: string): Promise<Secret> {
  const json = await readFile(path, 'utf8').catch((error) => {
    throw toStateError(error, path) ?? error;
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Secret), json);
  if (parsed.success) return parsed.output;
  throw new StateError(
    'StateDamaged',
    `${path} is damaged: it does not contain a secret. Restore it from a backup, or delete it and start again: passwords are then asked for again, tokens are new, and there is a new session.`,
  );
}
