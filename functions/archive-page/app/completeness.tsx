import { SESSION_PERIOD_MINUTES } from '../../shared/config/limits.ts';
import { archiveNow } from './archive-clock.ts';
import type { Pbx } from './contract.ts';
import { type Locale, useLocale } from './locale.tsx';

/**
 * If there are more PBXs than this, a line that can be opened sums them up. Those that are down are listed above it, unless
 * they are more than this as well.
 */
const MAX_SHOWN = 3;

/** A run of pbx-session may be late, or fail. */
const UP_FOR_MS = 2 * SESSION_PERIOD_MINUTES * 60_000;

/** How complete the archive is, as far as reconciliation and the sessions know. */
export function Completeness({ pbxs }: { pbxs: readonly Pbx[] }) {
  const locale = useLocale();
  const { m, f } = locale;
  const listOf = (listed: readonly Pbx[]) => (
    <ul class="pbx-list">
      {listed.map((pbx) => (
        <li key={pbx.id} class={classOf(pbx)}>
          <strong>{pbx.id}</strong> {describe(pbx, locale)}
        </li>
      ))}
    </ul>
  );
  const countOf = (connection: Connection) => pbxs.filter((pbx) => connectionOf(pbx) === connection).length;
  const down = pbxs.filter((pbx) => connectionOf(pbx) === 'down');
  const shown = [pbxs, down].find(({ length }) => length <= MAX_SHOWN) ?? [];
  const others = pbxs.filter((pbx) => !shown.includes(pbx));
  const isAllKnown = pbxs.every(({ completeUpTo }) => completeUpTo !== undefined);
  const [oldest] = [...pbxs].sort((a, b) => (a.completeUpTo ?? '').localeCompare(b.completeUpTo ?? ''));
  return (
    <section class="completeness" aria-label={m.completeness.label}>
      {shown.length > 0 && listOf(shown)}
      {others.length > 0 && (
        <details>
          <summary class={down.length > 0 ? 'is-down' : countOf('unknown') > 0 ? 'is-unknown' : ''}>
            {summarize(countOf('up'), countOf('unknown'), pbxs.length, locale)}
            {isAllKnown &&
              oldest?.completeUpTo !== undefined &&
              `, ${m.completeness.oldest(f.moment(oldest.completeUpTo, oldest.timeZone))}`}
          </summary>
          {listOf(others)}
        </details>
      )}
    </section>
  );
}

type Connection = 'up' | 'down' | 'unknown';

function connectionOf({ sessionDownSince, sessionUpAt }: Pbx): Connection {
  if (sessionDownSince !== undefined) return 'down';
  const isRecent = sessionUpAt !== undefined && archiveNow() - Date.parse(sessionUpAt) <= UP_FOR_MS;
  return isRecent ? 'up' : 'unknown';
}

function summarize(up: number, unknown: number, all: number, { m, f }: Locale): string {
  const { summary, someNotKnown, noneKnown } = m.completeness;
  if (unknown === all) return noneKnown(f.number(all));
  const connected = summary(f.number(up), f.number(all));
  return unknown === 0 ? connected : `${connected}, ${someNotKnown(f.number(unknown))}`;
}

function classOf(pbx: Pbx): string {
  const connection = connectionOf(pbx);
  if (connection === 'down') return 'is-down';
  return connection === 'unknown' || pbx.completeUpTo === undefined ? 'is-unknown' : '';
}

function describe(pbx: Pbx, { m, f }: Locale): string {
  const { completeUpTo, sessionDownSince, timeZone } = pbx;
  const { upTo, unknown, downSince, connectionNotKnown } = m.completeness;
  const complete = completeUpTo === undefined ? unknown : upTo(f.moment(completeUpTo, timeZone));
  if (sessionDownSince !== undefined)
    return `${downSince(f.moment(sessionDownSince, timeZone))}, ${complete}`;
  return connectionOf(pbx) === 'unknown' ? `${connectionNotKnown}, ${complete}` : complete;
}
