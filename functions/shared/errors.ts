/**
 * What is to happen after a failure:
 * - `retry`: the queue brings the job again, later and later;
 * - `renew-session`: the PBX no longer knows the token; log in once, then repeat the call once;
 * - `hold`: logins are refused; nobody logs in until the lock has passed or the credentials changed;
 * - `give-up`: trying again cannot help; a person has to look at the dead letter.
 */
export type Action = 'retry' | 'renew-session' | 'hold' | 'give-up';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Ten days, so that a dead letter still has days of the queue's fourteen left in which it is written
 * with its reason, whatever else goes wrong.
 */
export const DEFAULT_PATIENCE_MS = 10 * DAY_MS;

interface ErrorOptionsWithAction {
  action: Action;
  cause?: unknown;
  /** How long `retry` is worth it, counted from the job's arrival in the queue. */
  patienceMs?: number;
  /** The moment (epoch ms) before which a retry cannot succeed. */
  notBefore?: number;
  /** The PBX says that it does not have the recording: just after the call not yet, a day later not any more. */
  isMissing?: boolean;
}

/** A failure with a stable `code` that logs, metrics and dead letters are told apart by. Holds no secret. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: string;
  readonly action: Action;
  readonly patienceMs: number;
  readonly notBefore: number | undefined;
  readonly isMissing: boolean;

  constructor(code: string, message: string, options: ErrorOptionsWithAction) {
    super(message, { cause: options.cause });
    this.code = code;
    this.action = options.action;
    this.patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
    this.notBefore = options.notBefore;
    this.isMissing = options.isMissing ?? false;
  }
}

/** The PBX has answered, with an error number. */
export class PbxRefusal extends ArchiveError {}

/** Unknown failures, the AWS SDK's and the network's among them, are worth another try. */
export function toArchiveError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  if (!(error instanceof Error)) return new ArchiveError('Error', String(error), { action: 'retry' });
  const { name, message, code = name } = error as NodeJS.ErrnoException;
  // Node names its errors Error, and says in the code what they are.
  return new ArchiveError(name === 'Error' ? code : name, message, { action: 'retry', cause: error });
}
