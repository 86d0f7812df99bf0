import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/**
 * Starts a program in a process group of its own. Ctrl-C then reaches this process only, which stops each group with
 * everything in it.
 */
export const spawnGroup = (command: string, args: string[], options: SpawnOptions) =>
  spawn(command, args, { ...options, stdio: 'pipe', detached: true });

export function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of them have ended.
  }
}
