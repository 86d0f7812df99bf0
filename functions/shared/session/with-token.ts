import { toArchiveError } from '../errors.ts';
import type { Renewed, Session } from './session.ts';

/** Renewals allowed within one call. */
const MAX_RENEWALS = 2;

/**
 * Calls `use` with a token. If the PBX refuses the token, renews the session and calls `use` again: once, or twice if the
 * first renewal found another function's token. That one may have been refreshed between reading and using it, when
 * both functions run on a schedule and start in the same second.
 */
export async function withToken<T>(session: Session, use: (token: string) => Promise<T>): Promise<T> {
  let current: Renewed = await session.current();
  for (let renewals = 0; ; renewals += 1) {
    try {
      return await use(current.token);
    } catch (error) {
      const isFinal = current.isNew === true || renewals === MAX_RENEWALS;
      const refusal = toArchiveError(error);
      if (refusal.kind !== 'session-expired' || isFinal) throw error;
      current = await session.renew(current, refusal);
    }
  }
}
