import type * as v from 'valibot';
import { grantsOn, mayAnywhere, mayOnWholePbx, type Principal } from '../shared/access/principal.ts';
import { type meSchema, RIGHTS } from '../shared/api/contract.ts';
import type { AccessSettings } from '../shared/config/access-settings.ts';
import { type PbxRegistry, timeZoneOf } from '../shared/config/pbx-registry.ts';
import type { IndexReader } from '../shared/recording-index/index-reader.ts';
import type { Authorities } from '../shared/shares/authority.ts';
import type { ApiResponse } from './api.ts';

export interface MeDeps {
  index: IndexReader;
  registry: PbxRegistry;
  authorities: Authorities;
  settings: Pick<AccessSettings, 'shares'>;
}

/** `GET /api/me`, with which the page begins. */
export async function describeMe(
  principal: Principal,
  { index, registry, authorities, settings: { shares } }: MeDeps,
): Promise<ApiResponse> {
  await authorities.learn(principal);
  const ids = Object.keys(registry).filter((id) => grantsOn(principal, 'listen', id).length > 0);
  const known = Map.groupBy(await index.readStatus(ids), ({ pbx }) => pbx);
  const pbxs = ids.map((id) => {
    const { reconciledUpTo, sessionUpAt, sessionDownSince } = known.get(id)?.[0] ?? {};
    return {
      id,
      timeZone: timeZoneOf(registry, id),
      ...(reconciledUpTo !== undefined && { completeUpTo: reconciledUpTo }),
      ...(sessionUpAt !== undefined && { sessionUpAt }),
      ...(sessionDownSince !== undefined && { sessionDownSince }),
    };
  });
  return {
    status: 200,
    body: {
      person: principal.person,
      rights: RIGHTS.filter(
        (right) => mayAnywhere(principal, right) && (right !== 'share' || shares.allowed),
      ),
      accessLog: mayOnWholePbx(principal, 'audit'),
      pbxs,
      shares,
    } satisfies v.InferOutput<typeof meSchema>,
  };
}
