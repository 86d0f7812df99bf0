import type { Context } from 'aws-lambda';
import { parseSettings } from '../shared/config/parse-settings.ts';
import { deadlineSignal } from '../shared/deadline.ts';
import { publishMetrics } from '../shared/telemetry/publish-metrics.ts';
import { compose } from './compose.ts';
import { envSchema } from './env.ts';
import { type ReconcileOutcome, reconcilePbxs } from './reconcile-pbxs.ts';
import { readRequest } from './reconcile-request.ts';

const env = parseSettings('The environment', envSchema, process.env);
publishMetrics(env.STACK_NAME);
const { pbxIds, depsOf, indexUpdater } = compose(env);

/**
 * Queues the recordings that the PBXs have and the archive does not. Returns what it found at each PBX. Then repairs the
 * index of the days that it has looked at.
 */
export async function handler(event: unknown, context: Context): Promise<{ pbxs: ReconcileOutcome[] }> {
  const signal = deadlineSignal(context);
  const request = readRequest(event);
  const index = indexUpdater.begin(request, signal);
  const get = (pbxId: string) => depsOf(pbxId, index.collect(pbxId), signal);
  const outcomes = await reconcilePbxs(request, { ids: pbxIds, get });
  await index.finish(outcomes);
  return { pbxs: outcomes };
}
