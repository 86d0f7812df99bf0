import { useEffect, useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { Access, Share } from './contract.ts';

/** As many as the API gives at once. Of those with more, the oldest have no note in the log. */
const LIMIT = '200';

/** The shares of a recording, or that a person has made, if rows of the access log name some. */
export function useSharesOf(
  api: Api,
  of: { pbx?: string; recording?: string; person?: string },
  rows: readonly Access[] = [],
): readonly Share[] {
  const [shares, setShares] = useState<readonly Share[]>([]);
  const areNamed = rows.some(({ share }) => share !== undefined);
  useEffect(() => {
    if (!areNamed) return undefined;
    let isCurrent = true;
    api.shares({ ...of, limit: LIMIT }).then(
      (page) => isCurrent && setShares(page.shares),
      // The log is complete without them.
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [api, of, areNamed]);
  return shares;
}
