import type { Used } from '../run-probe.ts';
import { type Figure, summarize } from '../statistics.ts';
import type { Way } from './ways.ts';

export const MEBIBYTE = 1024 ** 2;

/**
 * Of one way to bring a recording into S3. Time and CPU are without its start, which is what it takes for a recording
 * of one byte.
 */
export interface Streaming {
  sizeMib: number;
  isLengthKnown: boolean;
  way: string;
  startCpuMs: Figure;
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
  const next = () => {
    serial += 1;
    return serial;
  };
  for (const sizeMib of sizes) {
    for (const isLengthKnown of [true, false]) {
      const seen = new Map(Array.from(ways.keys(), (way) => [way, [] as { start: Used; whole: Used }[]]));
      for (let run = 0; run < runs; run += 1) {
        for (const [name, way] of ways) {
          const start = await way({ bytes: 1, serial: next(), isLengthKnown });
          const whole = await way({ bytes: sizeMib * MEBIBYTE, serial: next(), isLengthKnown });
          seen.get(name)?.push({ start, whole });
        }
      }
      for (const [way, results] of seen) {
        const startMs = summarize(results.map(({ start }) => start.ms));
        const startCpuMs = summarize(results.map(({ start }) => start.cpuMs));
        measured.push({
          sizeMib,
          isLengthKnown,
          way,
          startCpuMs,
          wallMs: summarize(results.map(({ whole }) => whole.ms - startMs.median)),
          cpuMsPerMib: summarize(results.map(({ whole }) => (whole.cpuMs - startCpuMs.median) / sizeMib)),
          maxRssBytes: summarize(results.map(({ whole }) => whole.maxRssBytes)),
        });
      }
    }
  }
  return measured;
}
