import type { PbxOf } from '../../config/pbx-registry.ts';
import type { SessionRules } from '../pbx-client.ts';

/** With TCP, the other choice, the PBX waits for a connection instead, and posts nothing (guide of v2.0.0, "API Events"). */
const REPORTS_IF_HTTP = 'if the report method in its API Settings is HTTP, not TCP';

export const sessionRulesOf = (pbx: PbxOf<'s-series' | 'cloud-pbx' | 'openvox'>): SessionRules => ({
  loginSubscribes: true,
  ...(pbx.family === 's-series' && pbx.apiVersion === 'v2.0.0' && { reportsIf: REPORTS_IF_HTTP }),
});
