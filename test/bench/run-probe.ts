import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const PROBE = join(import.meta.dirname, 'probe.cjs');

/** One process that loaded a program and, if it got an event, answered it. */
export interface Run {
  /** Since the process started. */
  loadedMs: number;
  answeredMs: number;
  /** CPU time, of the answer alone. */
  answeringCpuMs: number;
  maxRssBytes: number;
  /** Of a function behind the API, or behind a queue. */
  answer?: { statusCode?: number; batchItemFailures?: object[] };
}

export const isGood = ({ answer }: Run) =>
  answer?.statusCode === 200 || answer?.batchItemFailures?.length === 0;

/**
 * A clean environment matters: `NODE_EXTRA_CA_CERTS`, for one, makes loading `node:https` half as long again.
 */
export async function runProbe(
  args: string[],
  environment: Record<string, string>,
  pinned: boolean,
): Promise<Run> {
  const command = [...(pinned ? ['taskset', '-c', '0'] : []), process.execPath, PROBE, ...args];
  const [file, ...rest] = command as [string, ...string[]];
  const child = spawn(file, rest, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [errors, result] = await Promise.all([
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
  ]);
  if (result === '') throw new Error(`A function did not start:\n${errors}`);
  return JSON.parse(result);
}

/** Linux's own; elsewhere the processes run on whatever core is free. */
export const canPin = () =>
  new Promise<boolean>((resolve) => {
    execFile('taskset', ['-c', '0', 'true'], (error) => resolve(error === null));
  });
