import { jobEvent } from './aws.ts';
import { installLambdaRuntime } from './lambda-runtime.ts';
import { runInLambdaRuntime } from './run-in-lambda-runtime.ts';
import { runFunction } from './run-program.ts';
import { newRecording } from './servers.ts';
import type { DeployedFunction } from './stack.ts';
import { summarize } from './statistics.ts';
import { MEBIBYTE } from './streaming.ts';

/** Archives recordings of these sizes one after the other, and returns the peak memory of the process in bytes. */
type Program = (sizesMib: readonly number[]) => Promise<number>;

/**
 * Measures the peak memory of a process that archives one recording of each size, and of one that archives the largest
 * between two of the smallest, as Lambda reuses an environment. It does so in the benchmark's own program, and in
 * Lambda's where that can be built.
 */
export async function measureMemory(archiver: DeployedFunction, sizes: readonly number[], runs: number) {
  const { memoryMb } = archiver;
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  const programs = await findPrograms(archiver);
  const measured = [];
  for (const sizesMib of [...sizes.map((size) => [size]), [smallest, largest, smallest]]) {
    for (const [program, run] of programs) {
      const seen: number[] = [];
      for (let count = 0; count < runs; count += 1) seen.push(await run(sizesMib));
      measured.push({ program, sizesMib, memoryMb, maxRssBytes: summarize(seen) });
    }
  }
  return measured;
}

async function findPrograms(archiver: DeployedFunction): Promise<[string, Program][]> {
  const flags = lambdaNodeFlags(archiver.memoryMb);
  const newEvents = (sizesMib: readonly number[]) =>
    sizesMib.map((size) => jobEvent(newRecording(size * MEBIBYTE)));
  const programs: [string, Program][] = [
    ['probe', async (sizes) => (await runFunction(archiver, newEvents(sizes), flags)).maxRssBytes],
  ];
  try {
    const runtime = await installLambdaRuntime();
    programs.push([
      'aws-lambda-ric',
      (sizes) => runInLambdaRuntime(runtime, archiver, newEvents(sizes), flags),
    ]);
  } catch (error) {
    const [reason] = String(error).split('\n', 1);
    console.error(
      `Memory is not measured in Lambda's own runtime client, which cannot be built here: ${reason}`,
    );
  }
  return programs;
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
