import type { Pbx } from './contract.ts';
import { type Locale, useLocale } from './locale.tsx';

/** More PBXs than this are summed up in a line that can be opened. */
const MAX_SHOWN = 3;

/** How complete the archive is, as far as reconciliation and the sessions know. */
export function Completeness({ pbxs }: { pbxs: readonly Pbx[] }) {
  const locale = useLocale();
  const { m, f } = locale;
  const list = (
    <ul class="pbx-list">
      {pbxs.map((pbx) => (
        <li key={pbx.id} class={classOf(pbx)}>
          <strong>{pbx.id}</strong> {describe(pbx, locale)}
        </li>
      ))}
    </ul>
  );
  const connected = pbxs.filter(({ sessionDownSince }) => sessionDownSince === undefined).length;
  const isAllKnown = pbxs.every(({ completeUpTo }) => completeUpTo !== undefined);
  const [oldest] = [...pbxs].sort((a, b) => (a.completeUpTo ?? '').localeCompare(b.completeUpTo ?? ''));
  return (
    <section class="completeness" aria-label={m.completeness.label}>
      {pbxs.length <= MAX_SHOWN ? (
        list
      ) : (
        <details>
          <summary class={connected < pbxs.length ? 'is-down' : ''}>
            {m.completeness.summary(f.number(connected), f.number(pbxs.length))}
            {isAllKnown &&
              oldest?.completeUpTo !== undefined &&
              `, ${m.completeness.oldest(f.moment(oldest.completeUpTo, oldest.timeZone))}`}
          </summary>
          {list}
        </details>
      )}
    </section>
  );
}

const classOf = ({ sessionDownSince, completeUpTo }: Pbx) =>
  sessionDownSince !== undefined ? 'is-down' : completeUpTo === undefined ? 'is-unknown' : '';

function describe({ completeUpTo, sessionDownSince, timeZone }: Pbx, { m, f }: Locale): string {
  const { upTo, unknown, downSince } = m.completeness;
  const complete = completeUpTo === undefined ? unknown : upTo(f.moment(completeUpTo, timeZone));
  return sessionDownSince === undefined
    ? complete
    : `${downSince(f.moment(sessionDownSince, timeZone))}, ${complete}`;
}
