import { statSync } from 'node:fs';
import { type Aws, jobEvent, reportEvent } from './aws.ts';
import { type Run, runFunction, runProbe } from './run-program.ts';
import { newRecording } from './servers.ts';
import type { DeployedFunction } from './stack.ts';
import { summarize } from './statistics.ts';

/** A single start is short and varies. */
const STARTS_PER_RUN = 3;
const RECORDING_BYTES = 64_044;

/**
 * Starts each function in turn in a new process, three times a run.
 *
 * @returns times in addition to bare Node's, from the start of the process; a first response only for the functions that
 * a PBX, a queue or a person waits for
 */
export async function measureColdStarts(
  functions: Readonly<Record<string, DeployedFunction>>,
  { linkEvent }: Aws,
  runs: number,
) {
  const bareMs: number[] = [];
  const starts = Object.entries(functions).map(([name, start]) => ({ name, start, seen: [] as Run[] }));
  for (let run = 0; run < STARTS_PER_RUN * runs; run += 1) {
    const recording = newRecording(RECORDING_BYTES);
    const events = new Map<string, object>([
      ['ArchiveRecording', jobEvent(recording)],
      ['CdrWebhook', reportEvent(recording)],
      ['RecordingLink', linkEvent],
    ]);
    bareMs.push((await runProbe([], {})).loadedMs);
    for (const { name, start, seen } of starts) {
      const event = events.get(name);
      seen.push(await runFunction(start, event === undefined ? [] : [event]));
    }
  }
  // Compare each start with the bare one of the same round, because the machine's speed drifts.
  const overBare = (times: number[]) => summarize(times.map((ms, run) => ms - (bareMs[run] ?? Number.NaN)));
  return {
    bareMs: summarize(bareMs),
    functions: starts.map(({ name, start: { bundle, memoryMb }, seen }) => ({
      name,
      bundleBytes: statSync(bundle).size,
      memoryMb,
      loadedMs: overBare(seen.map(({ loadedMs }) => loadedMs)),
      firstResponseMs: seen[0]?.invocations[0]
        ? overBare(seen.map(({ loadedMs, invocations: [first] }) => loadedMs + (first?.ms ?? 0)))
        : undefined,
      maxRssBytes: summarize(seen.map(({ maxRssBytes }) => maxRssBytes)),
    })),
  };
}
