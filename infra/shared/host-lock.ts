import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as v from 'valibot';
import { UsageError } from './command-line.ts';

/** SQLite's result code for a lock that another connection has. */
const SQLITE_BUSY = 5;

/** A command that looks whether a host is running has the lock for a moment. */
const WAIT_MS = 1_000;

const lockPath = (directory: string) => join(directory, 'host.lock');
const ownerPath = (directory: string) => join(directory, 'host.lock.json');

export interface HostLock extends Disposable {
  /** Notes the port of the host, for those who are refused. */
  setPort(port: number): void;
}

/**
 * Makes this process the only host in `directory`. The lock is the operating system's, which SQLite takes on an empty
 * database: of two processes exactly one gets it, and it ends with its process, also with SIGKILL. A file with a
 * process id would do neither, and the id may be another program's by now.
 */
export function lockHost(directory: string, port: number): HostLock {
  const database = openDatabase(directory);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw isBusy(error) ? alreadyRunning(directory) : unusable(directory, error);
  }
  // A file of its own, because nobody else can read the database now.
  const noteOwner = (listeningOn: number) =>
    writeFileSync(ownerPath(directory), JSON.stringify({ pid: process.pid, port: listeningOn }), {
      mode: 0o600,
    });
  noteOwner(port);
  return {
    setPort: noteOwner,
    [Symbol.dispose]() {
      rmSync(ownerPath(directory), { force: true });
      database.close();
    },
  };
}

/** Whether a host is running in `directory`. */
export function isHostRunning(directory: string): boolean {
  if (!existsSync(lockPath(directory))) return false;
  try {
    const database = new DatabaseSync(lockPath(directory), { readOnly: true });
    try {
      database.exec('SELECT count(*) FROM sqlite_schema');
    } finally {
      database.close();
    }
    return false;
  } catch (error) {
    return isBusy(error);
  }
}

function openDatabase(directory: string): DatabaseSync {
  try {
    const database = new DatabaseSync(lockPath(directory), { timeout: WAIT_MS });
    // Anyone who may read the file could lock it.
    chmodSync(lockPath(directory), 0o600);
    return database;
  } catch (error) {
    throw unusable(directory, error);
  }
}

const isBusy = (error: unknown) => (error as { errcode?: number }).errcode === SQLITE_BUSY;

const ownerSchema = v.pipe(v.string(), v.parseJson(), v.object({ pid: v.number(), port: v.number() }));

function alreadyRunning(directory: string): UsageError {
  const remedy = 'Stop it first, or give this one another directory with --data.';
  // The owner may not have noted itself yet, and a killed one before it has left its note.
  const owner = v.safeParse(ownerSchema, readOwner(directory));
  if (!owner.success || !isAlive(owner.output.pid))
    return new UsageError(`npm start is already running in ${directory}. ${remedy}`);
  const { pid, port } = owner.output;
  // 0 means any free port; the host is still starting.
  const where = port === 0 ? '' : `, port ${port}`;
  return new UsageError(`npm start is already running, pid ${pid}${where}, in ${directory}. ${remedy}`);
}

function readOwner(directory: string): string {
  try {
    return readFileSync(ownerPath(directory), 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const unusable = (directory: string, error: unknown) =>
  new UsageError(
    `Cannot lock ${directory}: ${(error as Error).message}. Choose another directory with --data, on a local disk.`,
  );
