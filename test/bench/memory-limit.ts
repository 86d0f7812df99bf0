import { spawnSync } from 'node:child_process';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Linux's control groups, in their first version and in their second, each with its limit of memory and of swap. */
const VERSIONS = [
  { root: '/sys/fs/cgroup/memory', memory: 'memory.limit_in_bytes', swap: 'memory.memsw.limit_in_bytes' },
  { root: '/sys/fs/cgroup', memory: 'memory.max', swap: 'memory.swap.max' },
] as const;

export interface MemoryLimit extends AsyncDisposable {
  /** The command that runs another one within the limit: the kernel ends what takes more. */
  within(command: [string, ...string[]]): [string, ...string[]];
}

/** Undefined where this machine, or who works on it, cannot limit a process's memory. */
export async function limitMemory(bytes: number): Promise<MemoryLimit | undefined> {
  for (const { root, memory, swap } of VERSIONS) {
    const group = join(root, `pbx-recording-archive-bench-${process.pid}`);
    // What is still in it when it is to go, goes a moment later; the group of an ended process costs nothing.
    const remove = () => rmdir(group).catch(() => {});
    const within: MemoryLimit['within'] = (command) => [
      'sh',
      '-c',
      `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`,
      ...command,
    ];
    try {
      await mkdir(group);
      await writeFile(join(group, memory), String(bytes));
      // In the first version it is of both together. Where there is no swap, there may be no limit of it.
      await writeFile(join(group, swap), swap.includes('memsw') ? String(bytes) : '0').catch(() => {});
      const [file, ...rest] = within(['true']);
      if (spawnSync(file, rest).status === 0) return { within, [Symbol.asyncDispose]: remove };
    } catch {
      // Not this version, or not for us.
    }
    await remove();
  }
  return undefined;
}
