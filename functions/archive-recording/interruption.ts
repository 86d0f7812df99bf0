import { ArchiveError, toArchiveError } from '../shared/errors.ts';
import type { UnfinishedUpload } from '../shared/job.ts';

/**
 * A transfer that ended early, but has stored parts that a next run can go on from. Its upload stays open: who
 * does not go on has to discard it.
 */
export class Interruption extends ArchiveError {
  readonly stored: UnfinishedUpload;

  constructor(cause: unknown, stored: UnfinishedUpload) {
    const { code, message, kind } = toArchiveError(cause);
    super(code, message, { kind, cause });
    this.stored = stored;
  }
}
