/**
 * What a failure means. What follows from it is decided elsewhere: for a job in jobs/retry-policy.ts, for a login in
 * session/login.ts.
 * - `transient`: may pass by itself; so are failures that nobody knows;
 * - `session-expired`: the PBX no longer accepts the token;
 * - `login-held`: nobody may log in until a lock has passed or the credentials have changed;
 * - `missing`: the PBX does not have the recording: just after the call not yet, a day later not any more;
 * - `too-slow`: a function's time was not enough for the download;
 * - `permanent`: no further attempt can succeed; a person has to look.
 */
export type FailureKind =
  | 'transient'
  | 'session-expired'
  | 'login-held'
  | 'missing'
  | 'too-slow'
  | 'permanent';

interface ArchiveErrorOptions {
  /** `transient` by default. */
  kind?: FailureKind | undefined;
  cause?: unknown;
  /** The moment (epoch ms) before which another attempt cannot succeed. */
  notBefore?: number | undefined;
}

/** A failure with a stable `code`, by which logs, metrics and dead letters tell it apart. Holds no secret. */
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

/** The PBX responded with an error number. */
export class PbxRefusal extends ArchiveError {}

/** Unknown failures, such as the AWS SDK's and the network's, are taken for transient. */
export function toArchiveError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  if (!(error instanceof Error)) return new ArchiveError('Error', String(error));
  const { name, message, code = name } = error as NodeJS.ErrnoException;
  // Node names its errors Error, and says in the code what they are.
  return new ArchiveError(name === 'Error' ? code : name, message, { cause: error });
}
