import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { LevelDatabase } from 'dynalite/db/index.js';
import { writeNewFile } from './durable-file.ts';
import { createMutex } from './mutex.ts';
import { type Problems, StateError, toStateError } from './problems.ts';

/** LevelDB writes its memory of 4 MB to a table when it opens, besides smaller files. */
const NEEDED_BYTES = 8 * 1024 ** 2;
/** LevelDB removes a file with such a name when it opens, so a kill leaves none. */
const PROBE = '000000.dbtmp';

export interface LevelGuard {
  /** Whether a write has failed. All others are refused since then; reads go on. */
  isBroken(): boolean;
  /** Opens the database again if the disk can be written again. Waits until `isBusy` says that nothing uses it. */
  reopen(isBusy: () => boolean): Promise<void>;
}

/**
 * Explains the errors of dynalite's database in `directory`, and gives them the status and the body of a response:
 * dynalite sends these to the client, and throws an error without them where nobody catches it.
 *
 * After a failed write, nothing more is written until the database has been opened again. A full disk has cut off the
 * last record of the log, and LevelDB would lose what it writes after it at the next start.
 */
export function guardLevel(db: LevelDatabase, directory: string, problems: Problems): LevelGuard {
  const oneAtATime = createMutex();
  let failure: StateError | undefined;

  function explain(error: unknown): unknown {
    const problem = problems.explain(explainDamage(error, directory), directory) ?? problems.explain(failure);
    if (problem === undefined) return error;
    return Object.assign(problem, { body: { __type: problem.code, message: problem.message } });
  }

  const read = (run: Run) => async (values: unknown[]) => {
    try {
      return await run(...values);
    } catch (error) {
      throw explain(error);
    }
  };

  const write = (run: Run) => (values: unknown[]) =>
    oneAtATime(async () => {
      if (failure !== undefined) throw explain(failure);
      try {
        return await run(...values);
      } catch (error) {
        failure = problems.explain(explainDamage(error, directory), directory);
        throw explain(error);
      }
    });

  const createValueStream = db.createValueStream.bind(db);
  Object.assign(db, {
    get: withCallback(read(db.get.bind(db) as Run)),
    put: withCallback(write(db.put.bind(db) as Run)),
    del: withCallback(write(db.del.bind(db) as Run)),
    batch: withCallback(write(db.batch.bind(db) as Run)),
    createValueStream(options?: object) {
      const stream = createValueStream(options);
      const destroy = stream.destroy.bind(stream);
      return Object.assign(stream, {
        destroy: (error?: Error) => destroy(error && (explain(error) as Error)),
      });
    },
  });

  return {
    isBroken: () => failure !== undefined,
    async reopen(isBusy) {
      try {
        await checkDisk(join(directory, PROBE));
        while (isBusy()) await setImmediate();
        await db.close._original();
        await db.open();
        failure = undefined;
      } catch (error) {
        failure = problems.explain(explainDamage(error, directory), directory) ?? failure;
      }
    },
  };
}

/** Returns the error itself unless it says that the database is damaged. */
export function explainDamage(error: unknown, directory: string): unknown {
  const problem = toStateError(error, directory);
  if (problem?.code !== 'StateDamaged') return error;
  return damaged(directory, (problem.cause as Error).message, error);
}

export const damaged = (directory: string, reason: string, cause?: unknown) =>
  new StateError(
    'StateDamaged',
    `${directory}, the database of the index, the shares and the access log, is damaged (${reason}). Restore it from a backup, or move it away and start again: the index is made anew from the recordings, but the shares and the access log are lost.`,
    { cause },
  );

type Run = (...values: unknown[]) => unknown;

/** Not in the promise's callbacks, which would swallow what dynalite throws. */
const withCallback =
  (run: (values: unknown[]) => Promise<unknown>) =>
  (...values: unknown[]): void => {
    const callback = values.pop() as (error: unknown, value?: unknown) => void;
    run(values).then(
      (value) => process.nextTick(callback, null, value),
      (error) => process.nextTick(callback, error),
    );
  };

async function checkDisk(probe: string): Promise<void> {
  try {
    await writeNewFile(probe, '\0'.repeat(NEEDED_BYTES));
  } finally {
    await rm(probe, { force: true });
  }
}
