import { toArchiveError } from '../shared/errors.ts';
import { log } from '../shared/log.ts';
import type { Session } from '../shared/session/session.ts';
import type { SessionRequest } from './request.ts';

export interface SessionOutcome {
  pbx: string;
  outcome: 'logged-in' | 'kept-alive' | 'no-credentials' | 'held' | 'failed';
  code?: string;
  message?: string;
}

export interface SessionResponse {
  sessions: SessionOutcome[];
  /** Of a queue's messages, those to be delivered again. */
  batchItemFailures: { itemIdentifier: string }[];
}

/** Keeps the sessions that are asked for, all of a request's PBXs at the same time. */
export async function keepSessions(
  requests: SessionRequest[],
  pbxs: { ids: string[]; get(pbxId: string): { session: Session } },
): Promise<SessionResponse> {
  const response: SessionResponse = { sessions: [], batchItemFailures: [] };
  for (const { pbx, bootedAt, messageId } of requests) {
    const sessions = (pbx === undefined ? pbxs.ids : [pbx]).map((id) => ({ id, ...pbxs.get(id) }));
    const outcomes = await Promise.all(sessions.map(({ id, session }) => keepSession(id, session, bootedAt)));
    response.sessions.push(...outcomes);
    if (messageId !== undefined && outcomes.some(({ outcome }) => outcome === 'failed')) {
      response.batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return response;
}

/**
 * Keeps one PBX's session, and with it the reports, alive. Never fails: one PBX's trouble must not keep
 * the others from their turn.
 *
 * @param bootedAt when the PBX reported a reboot (epoch ms); a session from before it is replaced
 */
async function keepSession(
  pbx: string,
  session: Session,
  bootedAt: number | undefined,
): Promise<SessionOutcome> {
  try {
    const outcome = await session.keepAlive({ bootedAt });
    log('info', 'session-kept', { pbx, outcome });
    return { pbx, outcome };
  } catch (error) {
    const { code, message, action } = toArchiveError(error);
    if (code === 'no-credentials') {
      log('warn', code, { pbx, message });
      return { pbx, outcome: code, message };
    }
    const outcome = action === 'hold' ? 'held' : 'failed';
    log('error', 'session-not-kept', { pbx, outcome, code, message });
    return { pbx, outcome, code, message };
  }
}
