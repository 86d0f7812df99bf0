import { SESSION_REQUEST_MAX_RECEIVES } from '../shared/config/limits.ts';
import { toArchiveError } from '../shared/errors.ts';
import type { Session } from '../shared/session/session.ts';
import { log } from '../shared/telemetry/log.ts';
import type { Device } from './look-at-device.ts';
import type { SessionRequest } from './session-request.ts';

/** After that, the next scheduled run is as good as another delivery of the message, which must not become a dead letter. */
const MAX_ATTEMPTS = SESSION_REQUEST_MAX_RECEIVES - 1;

export interface SessionOutcome extends Device {
  pbx: string;
  outcome: 'logged-in' | 'kept-alive' | 'ended' | 'no-credentials' | 'held' | 'failed';
  code?: string;
  message?: string;
}

export interface SessionResponse {
  sessions: SessionOutcome[];
  /** Messages that the queue has to redeliver. */
  batchItemFailures: { itemIdentifier: string }[];
}

/** Keeps the requested sessions alive, all PBXs of a request at the same time. */
export async function keepSessions<P extends { session: Session }>(
  requests: SessionRequest[],
  pbxs: { ids: string[]; get(pbxId: string): P },
  /** Asks a PBX whose session is up what it is. Must not reject. */
  lookAtDevice: (pbxId: string, pbx: P) => Promise<Device>,
): Promise<SessionResponse> {
  const response: SessionResponse = { sessions: [], batchItemFailures: [] };
  for (const request of requests) {
    const ids = request.pbx === undefined ? pbxs.ids : [request.pbx];
    const requested = ids.map((id) => ({ id, pbx: pbxs.get(id) }));
    const outcomes = await Promise.all(
      requested.map(async ({ id, pbx }) => {
        const outcome = await keepSession(id, pbx.session, request);
        return isUp(outcome) ? { ...outcome, ...(await lookAtDevice(id, pbx)) } : outcome;
      }),
    );
    response.sessions.push(...outcomes);
    const isFailed = outcomes.some(({ outcome }) => outcome === 'failed');
    if (request.message !== undefined && isFailed && request.message.attempt < MAX_ATTEMPTS) {
      response.batchItemFailures.push({ itemIdentifier: request.message.id });
    }
  }
  return response;
}

export const isUp = ({ outcome }: SessionOutcome) => outcome === 'logged-in' || outcome === 'kept-alive';

/**
 * Keeps one PBX's session alive, and with it the reports. Never rejects: a failing PBX must not keep the others from
 * their turn.
 */
async function keepSession(
  pbx: string,
  session: Session,
  { bootedAt, retryLogin, endSession }: SessionRequest,
): Promise<SessionOutcome> {
  try {
    if (endSession) {
      await session.end();
      return { pbx, outcome: 'ended' };
    }
    const outcome = await session.keepAlive({ bootedAt, retryRefused: retryLogin });
    log('info', 'session-up', { pbx, outcome });
    return { pbx, outcome };
  } catch (error) {
    const { code, message, kind } = toArchiveError(error);
    if (code === 'no-credentials') {
      log('warn', code, { pbx, message });
      return { pbx, outcome: code, message };
    }
    const outcome = kind === 'login-held' ? 'held' : 'failed';
    log('error', 'session-down', { pbx, outcome, code, message });
    return { pbx, outcome, code, message };
  }
}
