import type { Pbx } from '../config/pbx-registry.ts';
import { reportSecretOf } from '../config/report-secret.ts';
import type { Subscription } from '../pbx/pbx-client.ts';
import { sha256 } from '../sha256.ts';

/** This PBX's address at the webhook: `{reportUrl}/reports/{pbxId}/{beginning of webhookSecret}`. */
export function subscriptionOf(
  pbxId: string,
  { reportUrl }: Pick<Pbx, 'reportUrl'>,
  host: string,
  webhookSecret: string,
): Subscription {
  const form = /^https?:\/\//.test(reportUrl) ? 'url' : 'bare';
  const base = (form === 'url' ? reportUrl : `http://${reportUrl}`).replace('{host}', host);
  const { protocol, port } = new URL(base);
  return {
    url: `${base}/reports/${pbxId}/${reportSecretOf(webhookSecret)}`,
    form,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}

/** The URL ends in the webhook secret, so only a digest is stored. The secret is long and random: no salt is needed. */
export const digestSubscription = ({ url, form, port }: Subscription) =>
  sha256(JSON.stringify([url, form, port])).toString('base64');
