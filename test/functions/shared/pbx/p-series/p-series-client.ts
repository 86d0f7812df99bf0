import * as v from 'valibot';
import { type PbxOf, pbxSchema } from '../../../../../functions/shared/config/pbx-registry.ts';
import { createPSeriesClient } from '../../../../../functions/shared/pbx/p-series/client.ts';

/** A client for a P-Series with these registry settings. */
export function pSeriesClientOf(
  { url, fingerprint256 }: { url: string; fingerprint256?: string },
  settings: object = {},
  options?: Parameters<typeof createPSeriesClient>[1],
) {
  const pbx = v.parse(pbxSchema, {
    family: 'p-series',
    baseUrl: url,
    reportUrl: 'unused',
    credentialsSecret: 'unused',
    sessionSecret: 'unused',
    queueName: 'unused',
    ...(fingerprint256 && { tls: { fingerprint256 } }),
    ...settings,
  });
  return createPSeriesClient(pbx as PbxOf<'p-series'>, options);
}
