import { statSync } from 'node:fs';
import type { Aws } from './aws.ts';
import { type Bundle, environmentOf } from './bundles.ts';
import { type Run, runFunction, runProbe } from './run-probe.ts';
import { type Figure, summarize } from './statistics.ts';

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
  const bare: Run[] = [];
  const starts = Array.from(bundles, ([name, bundle]) => ({ name, bundle, seen: [] as Run[] }));
  for (let run = 0; run < runs; run += 1) {
    bare.push(await runProbe([], {}));
    for (const { name, bundle, seen } of starts) {
      const event = events[name]?.();
      const given = event === undefined ? [] : [event];
      seen.push(await runFunction(bundle.path, given, environmentOf(bundle, environment)));
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
      answeredMs:
        name in events
          ? overBare(seen.map(({ loadedMs, answers }) => loadedMs + (answers[0]?.ms ?? 0)))
          : undefined,
      maxRssBytes: summarize(seen.map(({ maxRssBytes }) => maxRssBytes)),
    })),
  };
}
