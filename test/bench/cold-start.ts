import { execFile, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Aws } from './aws.ts';
import type { Bundle } from './bundles.ts';
import { type Figure, summarize } from './statistics.ts';

const PROBE = join(import.meta.dirname, 'probe.cjs');

interface Start {
  loadedMs: number;
  answeredMs: number;
  maxRssBytes: number;
  /** Of a function behind the API, or behind a queue. */
  answer?: { statusCode?: number; batchItemFailures?: object[] };
}

/** Times are what comes on top of Node's own, in milliseconds. */
export interface ColdStart {
  name: string;
  bundleBytes: number;
  memoryMb: number;
  loadedMs: Figure;
  /** Of the functions that somebody or something waits for. */
  answeredMs: Figure | undefined;
  maxRssBytes: Figure;
}

export interface ColdStarts {
  /** From the start of the process to the first line of a program that loads nothing. */
  bareMs: Figure;
  functions: ColdStart[];
}

/** Starts each bundle `runs` times, by turns, in a process of its own with nothing else in its environment. */
export async function measureColdStarts(
  bundles: ReadonlyMap<string, Bundle>,
  { environment, events }: Aws,
  runs: number,
): Promise<ColdStarts> {
  const pinned = await canPin();
  const bare: Start[] = [];
  const starts = Array.from(bundles, ([name, bundle]) => ({ name, bundle, seen: [] as Start[] }));
  for (let run = 0; run < runs; run += 1) {
    bare.push(await start([], {}, pinned));
    for (const { name, bundle, seen } of starts) {
      const event = events[name]?.();
      const args = [bundle.path, ...(event === undefined ? [] : [JSON.stringify(event)])];
      const settings = bundle.environmentNames.map((key) => [key, environment[key] ?? missing(key)]);
      const aws = Object.entries(environment).filter(([key]) => key.startsWith('AWS_'));
      const result = await start(args, Object.fromEntries([...aws, ...settings]), pinned);
      if (event !== undefined && !isGood(result)) {
        throw new Error(`${name} did not do what it was asked for (status ${result.answer?.statusCode}).`);
      }
      seen.push(result);
    }
  }
  const bareMs = summarize(bare.map(({ loadedMs }) => loadedMs));
  const overBare = (times: number[]) => summarize(times.map((time) => time - bareMs.median));
  return {
    bareMs,
    functions: starts.map(({ name, bundle, seen }) => ({
      name,
      bundleBytes: statSync(bundle.path).size,
      memoryMb: bundle.memoryMb,
      loadedMs: overBare(seen.map(({ loadedMs }) => loadedMs)),
      answeredMs: name in events ? overBare(seen.map(({ answeredMs }) => answeredMs)) : undefined,
      maxRssBytes: summarize(seen.map(({ maxRssBytes }) => maxRssBytes)),
    })),
  };
}

const isGood = ({ answer }: Start) => answer?.statusCode === 200 || answer?.batchItemFailures?.length === 0;

function missing(name: string): never {
  throw new Error(`The benchmark has no value for ${name}.`);
}

/**
 * A clean environment matters: `NODE_EXTRA_CA_CERTS`, for one, makes loading `node:https` half as long again.
 */
async function start(args: string[], environment: Record<string, string>, pinned: boolean): Promise<Start> {
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
const canPin = () =>
  new Promise<boolean>((resolve) => {
    execFile('taskset', ['-c', '0', 'true'], (error) => resolve(error === null));
  });
