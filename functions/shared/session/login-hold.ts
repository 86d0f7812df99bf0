import { digestCredentials } from '../config/credentials.ts';
import { ArchiveError, PbxRefusal, toArchiveError } from '../errors.ts';
import type { Credentials } from '../pbx/family-settings.ts';
import type { PbxClient } from '../pbx/pbx-client.ts';
import { log } from '../telemetry/log.ts';
import type { LoginSnapshot, LoginState, LoginStore } from './login-store.ts';

export interface HoldDeps {
  pbxId: string;
  client: PbxClient;
  logins: LoginStore;
  now: () => number;
}

/** Rejects while logins are held: for a time, or until the credentials change. */
export function assertNotHeld({ hold }: LoginState, credentials: Credentials, now: number): void {
  if (hold === undefined) return;
  if (hold.until !== undefined && now < hold.until) {
    throw new ArchiveError(
      hold.code,
      hold.reason ?? 'The PBX refuses logins from this address. Wait until that is over.',
      { kind: 'login-held', notBefore: hold.until },
    );
  }
  if (hold.credentials === digestCredentials(credentials)) {
    throw new ArchiveError(
      hold.code,
      hold.reason ??
        'The PBX refused the credentials. Correct them in the secret, or, if they were corrected in the ' +
          'PBX, invoke pbx-session with "retryLogin": true.',
      { kind: 'login-held' },
    );
  }
}

/** Saves a refusal for all functions. If that fails, the caller still gets the refusal. */
export async function hold(
  leased: LoginSnapshot,
  failure: ArchiveError,
  credentials: Credentials,
  { pbxId, client, logins, now }: HoldDeps,
): Promise<void> {
  const { code, message: reason } = failure;
  log('error', 'login-refused', { pbx: pbxId, code });
  const refusal = failure instanceof PbxRefusal ? failure : undefined;
  const { session, doubtfulRefusals: earlier = 0 } = leased.state;
  const doubtfulRefusals = refusal?.isDoubtful ? earlier + 1 : undefined;
  const holdMs = refusal?.isDoubtful ? client.rules.doubtfulHoldsMs?.[earlier] : refusal?.lockoutMs;
  const held = {
    code,
    ...(holdMs === undefined ? { credentials: digestCredentials(credentials) } : { until: now() + holdMs }),
    reason,
  };
  await logins.replace(leased, { session, hold: held, doubtfulRefusals }).catch((error: unknown) => {
    // The lease remains, so the next attempt is a minute away, then two, and at most eight.
    log('error', 'hold-not-saved', { pbx: pbxId, code: toArchiveError(error).code });
  });
}

/**
 * Permits a login with the refused credentials, because a person has confirmed that they are now right. Doubtful refusals
 * still count: the PBX may have counted them, too, and a new series could block the address.
 */
export async function forgetRefusal({ logins }: Pick<HoldDeps, 'logins'>): Promise<void> {
  const stored = await logins.read();
  const { hold, ...state } = stored.state;
  // If another function has replaced the state since, it has been logging in.
  if (hold !== undefined && (hold.credentials ?? state.doubtfulRefusals) !== undefined)
    await logins.replace(stored, state);
}
