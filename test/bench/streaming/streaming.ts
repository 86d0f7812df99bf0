import type { Used } from '../run-probe.ts';
import { type Figure, summarize } from '../statistics.ts';
import type { Way } from './ways.ts';

export const MEBIBYTE = 1024 ** 2;

/** Of one way to bring a recording into S3; CPU and time without the start of the process. */
export interface Streaming {
  sizeMib: number;
  isLengthKnown: boolean;
  way: string;
  wallMs: Figure;
  cpuMsPerMib: Figure;
  maxRssBytes: Figure;
}

/** Brings recordings of so many MiB from HTTPS to HTTPS, in each way by turns, `runs` times. */
export async function measureStreaming(
  ways: ReadonlyMap<string, Way>,
  { sizes, runs }: { sizes: number[]; runs: number },
): Promise<Streaming[]> {
  const measured: Streaming[] = [];
  let serial = 0;
  for (const sizeMib of sizes) {
    for (const isLengthKnown of [true, false]) {
      const seen = new Map(Array.from(ways.keys(), (way) => [way, [] as Used[]]));
      for (let run = 0; run < runs; run += 1) {
        for (const [name, way] of ways) {
          serial += 1;
          seen.get(name)?.push(await way({ bytes: sizeMib * MEBIBYTE, serial, isLengthKnown }));
        }
      }
      for (const [way, results] of seen) {
        measured.push({
          sizeMib,
          isLengthKnown,
          way,
          wallMs: summarize(results.map(({ ms }) => ms)),
          cpuMsPerMib: summarize(results.map(({ cpuMs }) => cpuMs / sizeMib)),
          maxRssBytes: summarize(results.map(({ maxRssBytes }) => maxRssBytes)),
        });
      }
    }
  }
  return measured;
}
