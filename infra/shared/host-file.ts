import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { UsageError } from './command-line.ts';

/** What commands need of it by name. */
const environmentSchema = v.objectWithRest(
  {
    PBX_REGISTRY_FILE: v.string(),
    QUEUE_URL_BASE: v.string(),
    DEAD_LETTER_QUEUE_URL: v.string(),
    BUCKET_NAME: v.string(),
    REPORT_HOST: v.string(),
  },
  v.string(),
);

export type HostEnvironment = v.InferOutput<typeof environmentSchema>;

const hostFileSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ pid: v.number(), environment: environmentSchema }),
);

const fileOf = (directory: string) => join(directory, 'host.json');

/** Lets commands of the same user find a running host. Holds the key of its S3. */
export async function writeHostFile(directory: string, environment: Record<string, string>): Promise<void> {
  const text = JSON.stringify({ pid: process.pid, environment }, undefined, 2);
  await writeFile(fileOf(directory), text, { mode: 0o600 });
}

export const removeHostFile = (directory: string) => rm(fileOf(directory), { force: true });

/** The environment of the host that runs in `directory`. */
export async function readHostFile(directory: string): Promise<HostEnvironment> {
  const text = await readFile(fileOf(directory), 'utf8').catch(() => '');
  const file = v.safeParse(hostFileSchema, text);
  // A host that was killed has left its file.
  if (!file.success || !isRunning(file.output.pid)) {
    throw new UsageError(
      `No local host is running in ${directory}: start it with npm start, or name its directory after --local.`,
    );
  }
  return file.output.environment;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
