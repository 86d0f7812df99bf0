import { jobFor, toSqsEvent } from './aws.ts';
import type { Bundle } from './bundles.ts';
import { limitMemory } from './memory-limit.ts';
import { runFunction } from './run-probe.ts';
import { type Figure, summarize } from './statistics.ts';
import { recordingOf } from './streaming/start-servers.ts';
import { MEBIBYTE } from './streaming/streaming.ts';
import { STREAM_PBX } from './streaming/ways.ts';

/** Of a process that archives several recordings, as an environment of Lambda's does: one after the other. */
export interface Memory {
  sizesMib: number[];
  memoryMb: number;
  /** Whether the kernel held it to that. */
  isLimited: boolean;
  maxRssBytes: Figure;
}

const SERIAL = 1_000_000;

/** The longest recording between two shorter ones, `runs` times. The stack gives a function one message at a time. */
export async function measureMemory(
  bundle: Bundle,
  environment: Record<string, string>,
  { sizes, runs }: { sizes: number[]; runs: number },
): Promise<Memory> {
  const [longest, shortest] = [Math.max(...sizes), Math.min(...sizes)];
  const sizesMib = [shortest, longest, shortest];
  const seen: number[] = [];
  await using limit = await limitMemory(bundle.memoryMb * MEBIBYTE);
  for (let run = 0; run < runs; run += 1) {
    const events = sizesMib.map((size, index) =>
      toSqsEvent(jobFor(recordingOf(size * MEBIBYTE, SERIAL + 3 * run + index), STREAM_PBX)),
    );
    seen.push((await runFunction(bundle.path, events, environment, limit?.within)).maxRssBytes);
  }
  const isLimited = limit !== undefined;
  return { sizesMib, memoryMb: bundle.memoryMb, isLimited, maxRssBytes: summarize(seen) };
}
