import type { SessionRules } from '../pbx-client.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const sessionRules: SessionRules = {
  loginSubscribes: false,
  reportsIf: 'if its webhook is set up',
  // `refresh_token_expire_time` in the vendor's guide.
  refreshTokenLifeMs: 24 * HOUR_MS,
  // Five refused logins in a row block an address, so these three leave two to others. `statusError` names the pauses.
  doubtfulHoldsMs: [10 * MINUTE_MS, HOUR_MS],
};
