import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { FAULT_KINDS, type FaultKind } from './faults.ts';
import type { Options } from './options.ts';
import type { Report } from './worker.ts';
import { runTasks } from './workers.ts';

const FRESH_SEEDS = 1_000_000_000;

/** Runs the chosen seeds and prints the results. Returns whether all passed. */
export async function simulate(options: Options): Promise<boolean> {
  const seeds = chooseSeeds(options);
  const { calls, trace } = options;
  const tasks = seeds.map((seed) => ({ seed, calls, isTraced: trace })).values();
  const startedAt = performance.now();
  const reports: Report[] = [];
  const runLane = async () => {
    for await (const report of runTasks(tasks)) {
      reports.push(report);
      printSeed(report, options);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runLane));

  const faults = countFaults(reports);
  const missing = FAULT_KINDS.filter((kind) => !faults.has(kind));
  const seconds = (performance.now() - startedAt) / 1000;
  printTotals(reports, calls, seconds);
  printFaults(faults, missing);
  const isBroken = reports.some(({ violations }) => violations.length > 0);
  return !isBroken && !(options['every-fault'] && missing.length > 0);
}

function chooseSeeds({ seed, seeds, from, fresh }: Options): number[] {
  if (seed !== undefined) return [seed];
  const fixed = Array.from({ length: seeds }, (_, index) => from + index);
  return [...fixed, ...Array.from({ length: fresh }, () => randomInt(from + seeds, FRESH_SEEDS))];
}

function printSeed({ seed, violations, digest, virtualHours }: Report, { calls, digests }: Options): void {
  if (digests) console.log(`seed ${seed}: ${digest}, ${virtualHours} hours`);
  for (const { invariant, detail } of violations)
    console.log(`seed ${seed} VIOLATES "${invariant}": ${detail}`);
  if (violations.length > 0) console.log(`  npm run simulate -- --seed ${seed} --calls ${calls} --trace`);
}

function printTotals(reports: Report[], calls: number, seconds: number): void {
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  const days = Math.round(sum(reports.map(({ virtualHours }) => virtualHours)) / 24);
  const cpuSeconds = Math.round(sum(reports.map(({ cpuMs }) => cpuMs)) / 1000);
  const broken = reports.filter(({ violations }) => violations.length > 0).length;
  const perMinute = Math.round((reports.length * calls * 60) / seconds);
  console.log(
    `${reports.length} seeds with ${calls} calls each: ${broken} broken. ${days} simulated days in ` +
      `${Math.round(seconds)} s (${cpuSeconds} s of CPU), ${perMinute} calls a minute.`,
  );
}

function countFaults(reports: Report[]): Map<FaultKind, number> {
  const counts = new Map<FaultKind, number>();
  for (const [kind, count] of reports.flatMap(({ faults }) => faults)) {
    counts.set(kind, (counts.get(kind) ?? 0) + count);
  }
  return counts;
}

function printFaults(counts: Map<FaultKind, number>, missing: FaultKind[]): void {
  const occurred = FAULT_KINDS.filter((kind) => counts.has(kind)).map(
    (kind) => `${kind} ${counts.get(kind)}`,
  );
  console.log(`Faults: ${occurred.join(', ')}.`);
  if (missing.length > 0) console.log(`Faults that did not occur: ${missing.join(', ')}.`);
}
