import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { MemoryLimit } from './memory-limit.ts';

const PROBE = join(import.meta.dirname, 'probe.cjs');

/** What a program did with one event. */
export interface Answer {
  ms: number;
  cpuMs: number;
  /** Of a function behind the API, or behind a queue; of the reconciliation. */
  answer?: { statusCode?: number; batchItemFailures?: object[]; pbxs?: { outcome: string }[] };
}

/** One process that loaded a program, and answered events one after the other. */
export interface Run {
  /** Since the process started. */
  loadedMs: number;
  answers: Answer[];
  /** How many it sent to AWS, by their method and the host that they went to, such as `PUT 127.0.0.1:9000`. */
  requests: Record<string, number>;
  maxRssBytes: number;
  logBytes: number;
}

const isGood = ({ answer }: Answer) =>
  answer?.statusCode === 200 ||
  answer?.batchItemFailures?.length === 0 ||
  answer?.pbxs?.every(({ outcome }) => outcome === 'reconciled');

/** Has a bundle of the stack's answer events, and fails unless it does what each asks for. */
export async function runFunction(
  path: string,
  events: readonly object[],
  environment: Record<string, string>,
  within?: MemoryLimit['within'],
): Promise<Run> {
  const run = await runProbe([path, JSON.stringify(events)], environment, within);
  const bad = run.answers.find((answer) => !isGood(answer));
  if (bad) throw new Error(`A function did not do what it was asked for: ${JSON.stringify(bad.answer)}`);
  return run;
}

/**
 * A clean environment matters: `NODE_EXTRA_CA_CERTS`, for one, makes loading `node:https` half as long again.
 */
export async function runProbe(
  args: string[],
  environment: Record<string, string>,
  within: MemoryLimit['within'] = (command) => command,
): Promise<Run> {
  const [file, ...rest] = within(onCore(0, [process.execPath, PROBE, ...args]));
  const child = spawn(file, rest, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [logs, errors, result, [code, signal]] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
    once(child, 'exit'),
  ]);
  if (result === '') throw new Error(`A function ended without a result (${signal ?? code}):\n${errors}`);
  return { ...JSON.parse(result), logBytes: logs.length };
}

/** What a command that is no program of ours has used. */
export interface Used {
  ms: number;
  cpuMs: number;
  maxRssBytes: number;
}

/**
 * Runs a shell's command; fails as it fails. GNU time knows its memory, but rounds times to a hundredth of a second;
 * the shell's own rounds them to a thousandth.
 */
export async function runCommandLine(command: string, environment: Record<string, string>): Promise<Used> {
  const timed = 'TIMEFORMAT="%3R %3U %3S"; time command time -f %M bash -o pipefail -c "$0"';
  const [file, ...rest] = onCore(0, ['bash', '-c', timed, command]);
  const env = { PATH: process.env.PATH, ...environment };
  const { stderr } = await promisify(execFile)(file, rest, { env });
  const [kilobytes, times = ''] = stderr.trim().split('\n').slice(-2);
  const [seconds = Number.NaN, user = Number.NaN, system = Number.NaN] = times.split(' ').map(Number);
  const used = {
    ms: seconds * 1000,
    cpuMs: (user + system) * 1000,
    maxRssBytes: Number(kilobytes) * 1024,
  };
  if (!Object.values(used).every(Number.isFinite)) throw new Error(`What ${command} used is not told.`);
  return used;
}

/** Whether a shell finds all of these. */
export const isInstalled = (...commands: string[]) =>
  promisify(execFile)('bash', [
    '-c',
    `type ${commands.map((command) => `-P ${command}`).join(' && type ')}`,
  ]).then(
    () => true,
    () => false,
  );

/** Linux's own; elsewhere the processes run on whatever core is free. */
const canPin = await isInstalled('taskset');

/** The command that runs another one on that core alone. */
export const onCore = (core: number, command: [string, ...string[]]): [string, ...string[]] =>
  canPin ? ['taskset', '-c', String(core), ...command] : command;
