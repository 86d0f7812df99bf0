import { statSync } from 'node:fs';
import { join } from 'node:path';
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
  /** Of a program that does nothing but what recording-link cannot do without: two requests. */
  floor: Pick<ColdStart, 'loadedMs' | 'maxRssBytes'> & { answeredMs: Figure };
  functions: ColdStart[];
}

const FLOOR = join(import.meta.dirname, 'two-requests.cjs');

/** A start is short, and says little by itself. */
const STARTS_PER_RUN = 3;

/** Starts each bundle three times `runs` times, by turns, in a process of its own with nothing else in its environment. */
export async function measureColdStarts(
  bundles: ReadonlyMap<string, Bundle>,
  { environment, events }: Aws,
  runs: number,
): Promise<ColdStarts> {
  const bare: Run[] = [];
  const floor: Run[] = [];
  const floorEvents = [
    { urls: [environment.AWS_ENDPOINT_URL_SECRETS_MANAGER, environment.AWS_ENDPOINT_URL_S3] },
  ];
  const starts = Array.from(bundles, ([name, bundle]) => ({ name, bundle, seen: [] as Run[] }));
  for (let run = 0; run < STARTS_PER_RUN * runs; run += 1) {
    bare.push(await runProbe([], {}));
    floor.push(await runFunction(FLOOR, floorEvents, {}));
    for (const { name, bundle, seen } of starts) {
      const event = events[name]?.();
      const given = event === undefined ? [] : [event];
      seen.push(await runFunction(bundle.path, given, environmentOf(bundle, environment)));
    }
  }
  const bareMs = bare.map(({ loadedMs }) => loadedMs);
  // Each over the bare one right before it: a machine is now faster, now slower.
  const overBare = (times: number[]) =>
    summarize(times.map((time, run) => time - (bareMs[run] ?? Number.NaN)));
  const loadedMs = (seen: Run[]) => overBare(seen.map((run) => run.loadedMs));
  const answeredMs = (seen: Run[]) => overBare(seen.map((run) => run.loadedMs + (run.answers[0]?.ms ?? 0)));
  const maxRssBytes = (seen: Run[]) => summarize(seen.map((run) => run.maxRssBytes));
  return {
    bareMs: summarize(bareMs),
    floor: { loadedMs: loadedMs(floor), answeredMs: answeredMs(floor), maxRssBytes: maxRssBytes(floor) },
    functions: starts.map(({ name, bundle, seen }) => ({
      name,
      bundleBytes: statSync(bundle.path).size,
      memoryMb: bundle.memoryMb,
      loadedMs: loadedMs(seen),
      answeredMs: name in events ? answeredMs(seen) : undefined,
      maxRssBytes: maxRssBytes(seen),
    })),
  };
}
