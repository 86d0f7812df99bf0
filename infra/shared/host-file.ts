import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { UsageError } from './command-line.ts';
import { isHostRunning } from './host-lock.ts';

/** The variables that commands read by name. */
const environmentSchema = v.objectWithRest(
  {
    PBX_REGISTRY_FILE: v.string(),
    QUEUE_URL_BASE: v.string(),
    DEAD_LETTER_QUEUE_URL: v.string(),
    BUCKET_NAME: v.string(),
    INDEX_TABLE: v.optional(v.string()),
    ACCESS_TABLE: v.optional(v.string()),
    REPORT_HOST: v.string(),
  },
  v.string(),
);

export type HostEnvironment = v.InferOutput<typeof environmentSchema>;

const hostFileSchema = v.pipe(v.string(), v.parseJson(), v.object({ environment: environmentSchema }));

const hostFilePath = (directory: string) => join(directory, 'host.json');

/** Lets commands of the same user find a running host. The file contains the secret key of its S3. */
export async function writeHostFile(directory: string, environment: Record<string, string>): Promise<void> {
  const text = JSON.stringify({ pid: process.pid, environment }, undefined, 2);
  // A file that is there would keep its mode.
  await removeHostFile(directory);
  await writeFile(hostFilePath(directory), text, { mode: 0o600 });
}

export const removeHostFile = (directory: string) => rm(hostFilePath(directory), { force: true });

/** Returns the first of these directories in which a host runs, and its environment. */
export async function findRunningHost(
  directories: string[],
): Promise<{ directory: string; environment: HostEnvironment }> {
  for (const directory of directories) {
    const text = await readFile(hostFilePath(directory), 'utf8').catch(() => '');
    const file = v.safeParse(hostFileSchema, text);
    // A host that was killed leaves its file behind.
    if (file.success && isHostRunning(directory)) return { directory, environment: file.output.environment };
  }
  const searched = new Intl.ListFormat('en', { type: 'disjunction' }).format(directories);
  throw new UsageError(
    `No local host is running in ${searched}. Start one with npm start, or give its directory after --local.`,
  );
}
