import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { DeployedFunction } from './stack.ts';

const PROBE = join(import.meta.dirname, 'probe.cjs');

/** One event, processed by a handler. */
export interface Invocation {
  ms: number;
  cpuMs: number;
  /** From a function behind the API, from one behind a queue, or from the reconciliation. */
  response?: { statusCode?: number; batchItemFailures?: object[]; pbxs?: { outcome: string }[] };
  /** How many requests it sent to AWS, by method and host, such as `PUT 127.0.0.1:9000`. */
  requests: Record<string, number>;
}

/** One process that loaded a bundle and processed events one after the other. */
export interface Run {
  /** Since the process started. */
  loadedMs: number;
  invocations: Invocation[];
  maxRssBytes: number;
  /** What it printed. */
  logs: string;
}

/** What a program used to transfer one recording. */
export type Usage = Pick<Invocation & Run, 'ms' | 'cpuMs' | 'maxRssBytes'>;

/** Runs a function of the stack; throws unless every event succeeds. */
export async function runFunction(
  { bundle, environment }: DeployedFunction,
  events: readonly object[],
  nodeFlags: readonly string[] = [],
): Promise<Run> {
  const run = await runProbe([bundle, JSON.stringify(events)], environment, nodeFlags);
  for (const { response } of run.invocations) assertSucceeded(response, run.logs);
  return run;
}

export function assertSucceeded(response: Invocation['response'], logs = ''): void {
  const succeeded =
    response?.statusCode === 200 ||
    response?.batchItemFailures?.length === 0 ||
    response?.pbxs?.every(({ outcome }) => outcome === 'reconciled');
  if (!succeeded) throw new Error(`A function failed: ${JSON.stringify(response)}\n${logs}`);
}

/** Runs `probe.cjs` with nothing else in its environment. */
export async function runProbe(
  args: string[],
  environment: NodeJS.ProcessEnv,
  nodeFlags: readonly string[] = [],
): Promise<Run> {
  const [file, ...rest] = pinned([process.execPath, ...nodeFlags, PROBE, ...args]);
  const env = { PATH: process.env.PATH, ...environment };
  const child = spawn(file, rest, { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const [logs, errors, result, [code, signal]] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
    once(child, 'exit'),
  ]);
  if (result === '') throw new Error(`A function ended without a result (${signal ?? code}):\n${errors}`);
  return { ...JSON.parse(result), logs: logs + errors };
}

/** Runs another program under GNU time, whose resolution is 10 ms. */
export async function runCommand(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<Usage> {
  const [file, ...rest] = pinned(['time', '-f', '%e %U %S %M', ...command]);
  const env = { PATH: process.env.PATH, ...environment };
  const { stderr } = await promisify(execFile)(file, rest, { env });
  const lastLine = stderr.trim().split('\n').at(-1) ?? '';
  const [seconds = 0, user = 0, system = 0, kilobytes = 0] = lastLine.split(' ').map(Number);
  return { ms: seconds * 1000, cpuMs: (user + system) * 1000, maxRssBytes: kilobytes * 1024 };
}

export const canRun = (file: string, ...args: string[]): boolean => spawnSync(file, args).status === 0;

/** Moves this process to the second core: the first belongs to the measured programs. Where taskset exists (Linux). */
const canPin = canRun('taskset', '-a', '-c', '-p', '1', String(process.pid));

/** The command, restricted to the first core. */
export const pinned = (command: [string, ...string[]]): [string, ...string[]] =>
  canPin ? ['taskset', '-c', '0', ...command] : command;
