import { access, constants, mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Linux's control groups, in their first version and in their second. */
const LIMITS = [
  ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
  ['/sys/fs/cgroup', 'memory.max'],
] as const;

export interface MemoryLimit extends AsyncDisposable {
  /** The command that runs another one within the limit: the kernel ends what takes more. */
  within(command: [string, ...string[]]): [string, ...string[]];
}

/** Undefined where this machine, or who works on it, cannot limit a process's memory. */
export async function limitMemory(bytes: number): Promise<MemoryLimit | undefined> {
  for (const [root, file] of LIMITS) {
    const group = join(root, `pbx-recording-archive-bench-${process.pid}`);
    try {
      await mkdir(group);
    } catch {
      continue;
    }
    try {
      await access(join(group, file), constants.W_OK);
      await writeFile(join(group, file), String(bytes));
      return {
        within: (command) => ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`, ...command],
        [Symbol.asyncDispose]: () => rmdir(group),
      };
    } catch {
      await rmdir(group);
    }
  }
  return undefined;
}
