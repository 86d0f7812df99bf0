import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Report, Task } from './worker.ts';

/**
 * Each container loads its handler again, and a process never unloads a module: so it grows with each seed, after a
 * wild one by more than a gigabyte. Node ends it at about four.
 */
const MAX_PROCESS_BYTES = 1.5 * 1024 ** 3;

/**
 * In real time. A seed takes seconds, or minutes on a machine with much else to do; one that takes this long is in an
 * endless loop.
 */
const MAX_SEED_MS = 1_200_000;

/** Runs tasks one after the other in separate processes. `mutation` is the bug to put into the product. */
export async function* runTasks(tasks: Iterator<Task>, mutation?: string): AsyncGenerator<Report> {
  let worker: ChildProcess | undefined;
  try {
    for (let next = tasks.next(); !next.done; next = tasks.next()) {
      worker ??= await startWorker(mutation);
      const report = await runTask(worker, next.value);
      // A seed that ends early leaves work that would continue in the next seed.
      if (report === undefined || report.violations.length > 0) {
        worker.kill();
        worker = undefined;
      } else if (report.processBytes > MAX_PROCESS_BYTES) {
        worker.disconnect();
        worker = undefined;
      }
      yield report ?? { ...ENDLESS, seed: next.value.seed };
    }
  } finally {
    worker?.kill();
  }
}

const ENDLESS: Omit<Report, 'seed'> = {
  violations: [{ invariant: 'all work finishes', detail: `not within ${MAX_SEED_MS / 1000} real seconds` }],
  faults: [],
  digest: '',
  virtualHours: 0,
  cpuMs: MAX_SEED_MS,
  processBytes: 0,
};

async function startWorker(mutation: string | undefined): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const worker = fork(path, mutation === undefined ? [] : [mutation]);
  await nextMessage(worker, 'starting');
  return worker;
}

/** Resolves to `undefined` if the task takes too long. */
async function runTask(worker: ChildProcess, task: Task): Promise<Report | undefined> {
  worker.send(task);
  const expired = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => expired.resolve(undefined), MAX_SEED_MS);
  const message = nextMessage(worker, `seed ${task.seed}`) as Promise<Report>;
  const report = await Promise.race([message, expired.promise]);
  clearTimeout(timer);
  if (report === undefined) message.catch(() => {});
  return report;
}

function nextMessage(worker: ChildProcess, what: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`The simulation died (${code}): ${what}`));
    worker.once('exit', onExit);
    worker.once('message', (message) => {
      worker.off('exit', onExit);
      resolve(message);
    });
  });
}
