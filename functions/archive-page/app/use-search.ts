import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Api, ApiError } from './api.ts';
import type { Recording } from './contract.ts';
import { type Filters, queryOf } from './filters.ts';
import { readUntilFound } from './read-until-found.ts';

export interface Search {
  recordings: readonly Recording[];
  searchedBackTo: string | undefined;
  cursor: string | undefined;
  status: 'searching' | 'done' | 'failed';
  error: unknown;
}

const NOTHING: Search = {
  recordings: [],
  searchedBackTo: undefined,
  cursor: undefined,
  status: 'searching',
  error: undefined,
};

/** The results of the current filters, and a function that adds older ones. A new search ends the one before. */
export function useSearch(api: Api, filters: Filters) {
  const [search, setSearch] = useState(NOTHING);
  const running = useRef<AbortController | undefined>(undefined);

  const run = useCallback(
    async (before: Search): Promise<void> => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      setSearch({ ...before, status: 'searching', error: undefined });
      let reached = before.cursor;
      try {
        const { recordings, searchedBackTo, cursor } = await readUntilFound(
          (from) => {
            reached = from;
            return api.search(queryOf(filters, from), controller.signal);
          },
          (page) => page.recordings.length > 0,
          before.cursor,
        );
        const all = [...before.recordings, ...recordings];
        setSearch({ recordings: all, searchedBackTo, cursor, status: 'done', error: undefined });
      } catch (error) {
        if (!controller.signal.aborted) setSearch({ ...before, cursor: reached, status: 'failed', error });
      }
    },
    [api, filters],
  );

  useEffect(() => {
    void run(NOTHING);
    return () => running.current?.abort();
  }, [run]);

  // The API would refuse it again.
  const isCursorRefused = search.error instanceof ApiError && search.error.parameter === 'cursor';
  return { search, more: () => run(search), retry: () => run(isCursorRefused ? NOTHING : search) };
}
