import { useEffect, useRef } from 'preact/hooks';
import { KEY_DIGITS } from '../../shared/recording-index/phone-number.ts';
import { announce } from './announcer.tsx';
import type { Pbx, Recording } from './contract.ts';
import { zoneOf } from './describe.ts';
import { errorText } from './error-text.ts';
import { adviceOf, type Filters, NO_FILTERS } from './filters.ts';
import { useLocale } from './locale.tsx';
import { createPeriods } from './periods.ts';
import { RecordingsTable } from './recordings-table.tsx';
import { refocus } from './refocus.ts';
import type { Search } from './use-search.ts';

interface ResultsProps {
  search: Search;
  filters: Filters;
  pbxs: readonly Pbx[];
  openId: string | undefined;
  isPlaying: boolean;
  onOpen: (recording: Recording) => void;
  onMore: () => Promise<void>;
  onRetry: () => void;
  onFind: (filters: Filters) => void;
}

export function Results(props: ResultsProps) {
  const { search, filters, pbxs, openId, isPlaying, onOpen, onMore, onRetry, onFind } = props;
  const { m, f } = useLocale();
  const section = useRef<HTMLElement>(null);
  const { recordings, cursor, status, error, searchedBackTo } = search;
  const count = recordings.length;
  const found = m.results.found(f.number(count), count === 1, cursor !== undefined);
  const isEmpty = status === 'done' && count === 0;
  const isPartial = cursor !== undefined;
  const timeZone = zoneOf(pbxs, filters.pbx || (pbxs[0]?.id ?? ''));
  const advice = adviceOf(filters);
  const isCallId = advice === 'noneCallId';
  // A call id is looked for at all times.
  const day = searchedBackTo && !isCallId ? f.day(searchedBackTo, timeZone) : '';
  const backTo = day && (filters.from && !isPartial ? m.results.noneInPeriod : m.results.noneBackTo(day));
  // Otherwise the form says it.
  const saysBackTo = backTo !== '' && (isPartial || count === 0 || filters.from === '');

  useEffect(() => {
    if (status !== 'done') return;
    const heard = count === 0 ? m.results.none : found;
    announce(saysBackTo ? `${heard}. ${backTo}` : heard);
  }, [status, found, backTo, count, saysBackTo, m]);

  async function showMore(): Promise<void> {
    await onMore();
    // The button that had the focus is gone after the last page, and after a failure.
    const retryButton = section.current?.querySelector<HTMLElement>('.problem button');
    const rows = section.current?.querySelectorAll<HTMLElement>('.row-button');
    refocus(retryButton ?? rows?.[Math.min(count, rows.length - 1)] ?? section.current);
  }

  /** For buttons that are gone while it searches. */
  const leaveFor = (search: () => void) => () => {
    section.current?.focus();
    search();
  };

  const hasDays = filters.from !== '' || filters.to !== '';
  const heading =
    status === 'searching' && count === 0
      ? m.results.searching
      : isEmpty
        ? m.results.none
        : count > 0
          ? found
          : m.results.heading;
  const yearButton = status === 'done' && !isPartial && !hasDays && !isCallId && (
    <button
      type="button"
      class="button"
      onClick={leaveFor(() => onFind({ ...filters, ...createPeriods(pbxs, filters.pbx).year }))}
    >
      {m.results.searchYear}
    </button>
  );

  return (
    <section
      id="results"
      ref={section}
      class="results"
      tabIndex={-1}
      aria-labelledby="results-heading"
      aria-busy={status === 'searching'}
    >
      <h2 id="results-heading">{heading}</h2>
      {count > 0 && (
        <RecordingsTable
          recordings={recordings}
          pbxs={pbxs}
          openId={openId}
          isPlaying={isPlaying}
          onOpen={onOpen}
        />
      )}
      {isEmpty && (
        <div class="empty">
          <p>
            {backTo} {advice === 'noneShort' ? m.results.noneShort(f.number(KEY_DIGITS)) : m.results[advice]}
          </p>
          {yearButton}
        </div>
      )}
      {status === 'failed' && (
        <div class="problem" role="alert">
          <p>
            {m.results.failed} {errorText(error, m)}
          </p>
          <button type="button" class="button" onClick={leaveFor(onRetry)}>
            {m.tryAgain}
          </button>
        </div>
      )}
      {saysBackTo && count > 0 && <p class="muted">{backTo}</p>}
      {count > 0 && yearButton}
      {isPartial && status !== 'failed' && (
        <button
          type="button"
          class="button more"
          aria-disabled={status === 'searching'}
          onClick={() => void showMore()}
        >
          {count > 0 ? m.results.more : m.results.searchFurther}
        </button>
      )}
      {hasDays && isEmpty && !isPartial && (
        <button type="button" class="button plain" onClick={leaveFor(() => onFind(NO_FILTERS))}>
          {m.find.reset}
        </button>
      )}
    </section>
  );
}
