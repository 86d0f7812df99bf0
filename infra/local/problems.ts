import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../shared/command-line.ts';
import { printError } from '../shared/print.ts';

type Code = 'DiskFull' | 'DiskNotWritable' | 'DiskFailed' | 'StateDamaged';

/** Something is wrong with the files of the local host, and a person can put it right. */
export class StateError extends UsageError {
  readonly code: Code;
  /** Insufficient Storage (RFC 4918). The AWS SDK does not retry it at once, as it would a 500 or 503. */
  readonly statusCode = 507;

  constructor(code: Code, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }
}

const SYSTEM_ERRORS: Readonly<Record<string, Code>> = {
  ENOSPC: 'DiskFull',
  EDQUOT: 'DiskFull',
  EROFS: 'DiskNotWritable',
  EACCES: 'DiskNotWritable',
  EPERM: 'DiskNotWritable',
  EIO: 'DiskFailed',
  // A file where a directory should be, or the other way round.
  EEXIST: 'StateDamaged',
  EISDIR: 'StateDamaged',
  ENOTDIR: 'StateDamaged',
  ERR_FS_EISDIR: 'StateDamaged',
};

/** Primary result codes, https://www.sqlite.org/rescode.html */
const SQLITE_ERRORS: Readonly<Record<number, Code>> = {
  8: 'DiskNotWritable',
  10: 'DiskFailed',
  11: 'StateDamaged',
  13: 'DiskFull',
  14: 'DiskNotWritable',
  26: 'StateDamaged',
};

/** LevelDB has one code for all errors of the system, and their usual texts. */
const LEVEL_IO_ERRORS: readonly (readonly [RegExp, Code])[] = [
  [/no space left|not enough space|quota exceeded/i, 'DiskFull'],
  [/read-only file system|permission denied|not permitted/i, 'DiskNotWritable'],
  [/no such file|is a directory|not a directory/i, 'StateDamaged'],
  [/./, 'DiskFailed'],
];

export interface Problems {
  /** Shows a sentence to the user, and the same one again after a minute at the earliest. */
  show(sentence: string): void;
  /** Explains an error, and shows it. Returns `undefined` unless it is one that a person can put right. */
  explain(error: unknown, file?: string): StateError | undefined;
}

const PAUSE_MS = 60_000;

/** Tells the user what is wrong with the files in `directory`. */
export function createProblems(
  directory: string,
  print: (sentence: string) => void = printError,
  now: () => number = Date.now,
): Problems {
  const shownAt = new Map<string, number>();
  const show = (sentence: string) => {
    if (now() - (shownAt.get(sentence) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return;
    shownAt.set(sentence, now());
    print(sentence);
  };
  return {
    show,
    explain(error, file) {
      const problem = error instanceof StateError ? error : toStateError(error, directory, file);
      if (problem !== undefined) show(problem.message);
      return problem;
    },
  };
}

const CODES: readonly string[] = [...Object.values(SYSTEM_ERRORS), ...Object.values(SQLITE_ERRORS)];
const isCode = (name: string): name is Code => CODES.includes(name);

/** `directory` names the disk; `file` is what could not be read or written, unless the error names it. */
export function toStateError(error: unknown, directory: string, file?: string): StateError | undefined {
  if (!(error instanceof Error)) return undefined;
  const {
    name,
    code = '',
    errcode = 0,
    dest,
    path = file ?? directory,
    syscall = '',
    message,
  }: ErrorDetails = error;
  // As the AWS SDK passes it on from an embedded service.
  if (isCode(name)) return new StateError(name, message, { cause: error });
  if (code === 'LEVEL_DATABASE_NOT_OPEN') return toStateError(error.cause, directory, file);
  // About a port, not a file.
  if (['bind', 'connect', 'listen'].includes(syscall)) return undefined;
  const kind = code === 'ERR_SQLITE_ERROR' ? SQLITE_ERRORS[errcode & 0xff] : kindOf(code, message);
  if (kind === undefined) return undefined;
  const named = code === 'ENOTDIR' ? findExisting(path) : (dest ?? path);
  return new StateError(kind, describe(kind, directory, named, message), { cause: error });
}

function kindOf(code: string, message: string): Code | undefined {
  if (code === 'LEVEL_CORRUPTION') return 'StateDamaged';
  if (code !== 'LEVEL_IO_ERROR') return SYSTEM_ERRORS[code];
  return LEVEL_IO_ERRORS.find(([text]) => text.test(message))?.[1];
}

type ErrorDetails = NodeJS.ErrnoException & { errcode?: number; dest?: string };

/** The file that stands where a directory of `path` should be. */
const findExisting = (path: string): string => (existsSync(path) ? path : findExisting(dirname(path)));

function describe(kind: Code, directory: string, path: string, reason: string): string {
  switch (kind) {
    case 'DiskFull':
      return `The disk that holds ${directory} is full. Free some space on it: the work then goes on by itself.`;
    case 'DiskNotWritable':
      return `${path} cannot be read or written (${reason}). Make it accessible to the user who runs this program.`;
    case 'DiskFailed':
      return `The disk that holds ${directory} reports an error (${reason}). Check it, and that it is not full.`;
    case 'StateDamaged':
      return `${path} is damaged (${reason}). Restore it from a backup, or move it away and start again.`;
  }
}
