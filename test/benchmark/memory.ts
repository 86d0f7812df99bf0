import { jobEvent } from './aws.ts';
import { runFunction } from './run-program.ts';
import { newRecording } from './servers.ts';
import type { DeployedFunction } from './stack.ts';
import { summarize } from './statistics.ts';
import { MEBIBYTE } from './streaming.ts';

/**
 * Measures the peak memory of a process that archives one recording of each size, and of one that archives the largest
 * between two of the smallest, as Lambda reuses an environment.
 */
export async function measureMemory(archiver: DeployedFunction, sizes: readonly number[], runs: number) {
  const { memoryMb } = archiver;
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  const measured = [];
  for (const sizesMib of [...sizes.map((size) => [size]), [smallest, largest, smallest]]) {
    const seen: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const events = sizesMib.map((size) => jobEvent(newRecording(size * MEBIBYTE)));
      seen.push((await runFunction(archiver, events, lambdaNodeFlags(memoryMb))).maxRssBytes);
    }
    measured.push({ sizesMib, memoryMb, maxRssBytes: summarize(seen) });
  }
  return measured;
}

/**
 * The flags on Lambda's own command line for Node, which take precedence over `NODE_OPTIONS`. Observed on Lambda: at
 * 128 MB they are 6 and 116. With other sizes they grow to about 5 % and 90 % of the memory.
 */
export const lambdaNodeFlags = (memoryMb: number): string[] => [
  `--max-semi-space-size=${Math.floor(memoryMb * 0.05)}`,
  `--max-old-space-size=${Math.ceil(memoryMb * 0.9)}`,
  '--expose-gc',
  '--max-http-header-size=81920',
];
