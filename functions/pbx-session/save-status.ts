import type { StatusWriter } from '../shared/recording-index/status.ts';
import { isUp, type SessionOutcome } from './keep-session.ts';

/** Says in the index which sessions are up, for people who look for a recent recording. */
export async function saveStatus(
  outcomes: readonly SessionOutcome[],
  status: Pick<StatusWriter, 'sessionUp' | 'sessionDown'>,
  now: number,
): Promise<void> {
  await Promise.all(
    outcomes.map((outcome) =>
      isUp(outcome) ? status.sessionUp(outcome.pbx, now) : status.sessionDown(outcome.pbx, now),
    ),
  );
}
