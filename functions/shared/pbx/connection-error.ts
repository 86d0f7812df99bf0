import { ArchiveError } from '../errors.ts';

/**
 * What TLS, a socket or the reader of a response threw, as an `ArchiveError`. Their own errors may hold the PBX's
 * address, or its reply, so only the code is kept: not even as a cause, which whoever prints it would print too.
 */
export function connectionError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const { code, name, cause } = error as { code?: string; name?: string; cause?: { code?: string } };
  const detail = cause?.code ?? code ?? name ?? 'unknown';
  return new ArchiveError('pbx-connection', `The connection to the PBX failed (${detail}).`, {
    action: 'retry',
  });
}
