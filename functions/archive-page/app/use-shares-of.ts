import { useEffect, useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { Access, Share } from './contract.ts';

/** As many as the API gives at once. */
const LIMIT = '200';

/** If there are more shares than these pages have, the oldest have no note in the log. */
const MAX_PAGES = 5;

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
    async function load(): Promise<void> {
      const loaded: Share[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < MAX_PAGES && isCurrent; pages++) {
        const page = await api.shares({ ...of, limit: LIMIT, ...(cursor !== undefined && { cursor }) });
        loaded.push(...page.shares);
        if (isCurrent) setShares([...loaded]);
        cursor = page.cursor;
        if (cursor === undefined) return;
      }
    }
    // The log is complete without them.
    load().catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [api, of, areNamed]);
  return shares;
}
