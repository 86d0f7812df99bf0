/**
 * Kinds of failures. jobs/retry-policy/ decides what follows for a job, session/login.ts for a login.
 * - `transient`: may pass by itself; unknown failures count as transient;
 * - `session-expired`: the PBX no longer accepts the token;
 * - `login-held`: no login is allowed until a lockout has passed or the credentials have changed;
 * - `missing`: the PBX does not have the recording: not yet, not any more, or not while its storage is away;
 * - `busy`: nothing is wrong, but the PBX does one thing at a time;
 * - `empty`: the PBX has the recording, but no bytes of it;
 * - `too-slow`: the download did not finish before the function's timeout;
 * - `moved-away`: the PBX has handed the recording over to an archive of its own;
 * - `permanent`: no further attempt can succeed; a person has to step in.
 */
export const FAILURE_KINDS = [
  'transient',
  'session-expired',
  'login-held',
  'missing',
  'busy',
  'empty',
  'too-slow',
  'moved-away',
  'permanent',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

interface ArchiveErrorOptions {
  /** `transient` by default. */
  kind?: FailureKind | undefined;
  cause?: unknown;
  /** Earliest time (epoch ms) at which another attempt can succeed. */
  notBefore?: number | undefined;
}

/** A failure with a stable `code`, which identifies it in logs, metrics and dead letters. Contains no secrets. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: string;
  readonly kind: FailureKind;
  readonly notBefore: number | undefined;

  constructor(code: string, message: string, options: ArchiveErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.kind = options.kind ?? 'transient';
    this.notBefore = options.notBefore;
  }
}

interface PbxRefusalOptions extends ArchiveErrorOptions {
  lockoutMs?: number | undefined;
  isMomentary?: boolean | undefined;
  isDoubtful?: boolean | undefined;
}

/** The PBX responded with an error number. */
export class PbxRefusal extends ArchiveError {
  /** How long the PBX refuses any login after it has refused this one. `undefined` if it refuses the credentials. */
  readonly lockoutMs: number | undefined;
  /** The same call may succeed if it is repeated at once. Otherwise the PBX does not have what was requested. */
  readonly isMomentary: boolean;
  /** The PBX may have refused the token or the login for another reason than the token or the credentials. */
  readonly isDoubtful: boolean;

  constructor(code: string, message: string, options: PbxRefusalOptions = {}) {
    super(code, message, options);
    this.lockoutMs = options.lockoutMs;
    this.isMomentary = options.isMomentary ?? false;
    this.isDoubtful = options.isDoubtful ?? false;
  }
}

/** Unknown errors, such as those of the AWS SDK and the network, become `transient`. */
export function toArchiveError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  if (!(error instanceof Error)) return new ArchiveError('Error', String(error));
  const { name, message, code = name } = error as NodeJS.ErrnoException;
  // Node's system errors are all named `Error`; only the code identifies them.
  return new ArchiveError(name === 'Error' ? code : name, message, { cause: error });
}
