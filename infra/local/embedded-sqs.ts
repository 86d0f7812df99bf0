import { chmod, mkdir, open, stat } from 'node:fs/promises';
import { Server as HttpServer } from 'node:http';
import { Server } from 'node:net';
import { dirname, join } from 'node:path';
import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementResultingChanges,
  type StatementSync,
} from 'node:sqlite';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { requireSignatures } from './json-service.ts';
import { createProblems, type Problems, StateError, toStateError } from './problems.ts';
import type { Access } from './s3/signature.ts';

export interface SqsOptions extends Access {
  /** Queues and messages are stored here and survive a kill. */
  readonly directory: string;
  readonly problems?: Problems;
}

/** Starts SQS on this machine. */
export async function startSqs(options: SqsOptions): Promise<FauxqsServer> {
  const { directory, region, problems = createProblems(directory) } = options;
  const file = join(directory, 'fauxqs.db');
  const adapt = createAdapter(problems, file, region);
  const sqlite = DatabaseSync.prototype;
  const sockets = Server.prototype;
  const { prepare } = sqlite;
  const { listen } = sockets;
  // Fauxqs has no options for what follows, so it applies to all that opens a database or listens while it starts.
  sqlite.prepare = function (this: DatabaseSync, sql: string) {
    return adapt(Reflect.apply(prepare, this, [sql]), sql);
  };
  // Fauxqs listens on all interfaces, and checks no signatures.
  sockets.listen = function (this: Server, ...[listenOptions, ...rest]: unknown[]) {
    if (this instanceof HttpServer) requireSignatures(this, 'sqs', options);
    return Reflect.apply(listen, this, [{ ...Object(listenOptions), host: '127.0.0.1' }, ...rest]);
  } as typeof listen;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await warnOfLoss(file, problems);
    await makePrivate(file);
    return await startFauxqs({ port: 0, logger: false, dataDir: directory, defaultRegion: region });
  } catch (error) {
    throw explainStart(error, directory, file);
  } finally {
    sqlite.prepare = prepare;
    sockets.listen = listen;
  }
}

const REMEDY =
  'reconciliation finds the recordings whose jobs are lost, and npm run backfill -- --local the older ones.';

/** SQLite takes an empty file for a new database, and ignores a write-ahead log that is damaged from its start. */
async function warnOfLoss(file: string, problems: Problems): Promise<void> {
  const sizeOf = async (path: string) => (await stat(path).catch(ignoreMissing))?.size;
  const [size, logSize = 0] = [await sizeOf(file), await sizeOf(`${file}-wal`)];
  if (size === 0 || (size === undefined && logSize > 0)) {
    problems.show(
      `${file}, the database of the queues, was empty: jobs that were in it are lost, unless you stop and restore it from a backup. Otherwise, ${REMEDY}`,
    );
  } else if (logSize > 0 && countLogPages(file) === 0) {
    problems.show(
      `${file}-wal, which had the latest changes of the queues, was damaged: they are lost, unless you stop and restore ${dirname(file)} from a backup. Otherwise, ${REMEDY}`,
    );
  }
}

function countLogPages(file: string): unknown {
  const database = new DatabaseSync(file);
  try {
    return database.prepare('PRAGMA wal_checkpoint').get()?.log;
  } finally {
    database.close();
  }
}

/** SQLite gives its other two files the mode of the database. It keeps that of files that exist. */
async function makePrivate(file: string): Promise<void> {
  await (await open(file, 'a', 0o600)).close();
  for (const suffix of ['', '-wal', '-shm']) {
    await chmod(file + suffix, 0o600).catch(ignoreMissing);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

type Run = (...values: SQLInputValue[]) => StatementResultingChanges;

/** Returns a function that adapts the statements of fauxqs, which writes every change of its state to SQLite. */
function createAdapter(problems: Problems, file: string, region: string) {
  const deliveries = new Map<unknown, unknown>();
  const nothing = { changes: 0, lastInsertRowid: 0 };

  const explained =
    (run: Run): Run =>
    (...values) => {
      try {
        return run(...values);
      } catch (error) {
        // The HTTP server of fauxqs passes the status and the code on to the client.
        throw problems.explain(error, file) ?? error;
      }
    };

  /**
   * A delivery is not written, only what is scheduled after it. So after a kill, the next start delivers the message
   * again at once, with the receive count of the attempts that have ended. And a full disk neither stops deliveries nor
   * retries: fauxqs would forget a message whose delivery it cannot write.
   */
  const unlessDelivery =
    (run: Run): Run =>
    (...values) => {
      const [receiptHandle, , receiveCount, , messageId] = values;
      const isDelivery = receiptHandle !== null && deliveries.get(messageId) !== receiptHandle;
      if (isDelivery) deliveries.set(messageId, receiptHandle);
      // For a visibility timeout of 0, fauxqs writes NULL, which its own schema forbids.
      if (isDelivery || receiveCount === null) return nothing;
      try {
        return run(...values);
      } catch (error) {
        if (problems.explain(error, file) === undefined) throw error;
        return nothing;
      }
    };

  const untilDeleted =
    (run: Run): Run =>
    (...values) => {
      const result = run(...values);
      deliveries.delete(values[0]);
      return result;
    };

  /**
   * Fauxqs finds a queue by its ARN, which names a region, and stores it by its name alone. A queue that was made in
   * another region than this one would be replaced, and its messages deleted with it.
   */
  const inThisRegion = (queue: Record<string, SQLOutputValue>) => ({
    ...queue,
    arn: String(queue.arn).replace(/^arn:aws:sqs:[^:]*/, `arn:aws:sqs:${region}`),
    url: String(queue.url).replace(/^http:\/\/sqs\.[^.]*/, `http://sqs.${region}`),
  });

  return (statement: StatementSync, sql: string): StatementSync => {
    if (sql === 'SELECT * FROM sqs_queues') {
      const all = statement.all.bind(statement);
      return Object.assign(statement, { all: () => all().map(inThisRegion) });
    }
    const run = statement.run.bind(statement) as Run;
    const adapted = sql.includes('SET receipt_handle')
      ? unlessDelivery(run)
      : sql.includes('DELETE FROM sqs_messages WHERE message_id')
        ? untilDeleted(explained(run))
        : explained(run);
    return Object.assign(statement, { run: adapted });
  };
}

function explainStart(error: unknown, directory: string, file: string): unknown {
  const problem = toStateError(error, directory, file);
  const isSqlite = (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR';
  // Fauxqs keeps some columns as JSON.
  const isDamaged = (isSqlite && problem?.code === 'StateDamaged') || error instanceof SyntaxError;
  if (!isDamaged) return problem ?? error;
  return new StateError(
    'StateDamaged',
    `${file}, the database of the queues, is damaged (${(error as Error).message}). Restore it from a backup, or move it away and start again: ${REMEDY}`,
    { cause: error },
  );
}
