import type { Pbx, Recording } from './contract.ts';
import { commonZone, idOf, zoneOf } from './describe.ts';
import { groupByDay } from './group-by-day.ts';
import { useLocale } from './locale.tsx';
import { Row } from './row.tsx';

interface RecordingsTableProps {
  recordings: readonly Recording[];
  pbxs: readonly Pbx[];
  openId: string | undefined;
  isPlaying: boolean;
  onOpen: (recording: Recording) => void;
}

/** Recordings, newest first, by day. */
export function RecordingsTable({ recordings, pbxs, openId, isPlaying, onOpen }: RecordingsTableProps) {
  const { m, f } = useLocale();
  /** Otherwise each row says it. */
  const zone = commonZone(recordings, pbxs, f);
  const days = groupByDay(recordings, pbxs);
  const columns = pbxs.length > 1 ? 9 : 8;
  return (
    <table class="recordings">
      <caption class="visually-hidden">{m.results.caption}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="visually-hidden">{m.results.listen}</span>
          </th>
          <th scope="col">
            {m.results.time} {zone !== undefined && <small>{zone}</small>}
          </th>
          {pbxs.length > 1 && <th scope="col">{m.results.pbx}</th>}
          <th scope="col">{m.results.from}</th>
          <th scope="col">{m.results.to}</th>
          <th scope="col">{m.results.direction}</th>
          <th scope="col" class="cell-length">
            {m.results.length}
          </th>
          <th scope="col">{m.results.format}</th>
          <th scope="col">{m.results.state}</th>
        </tr>
      </thead>
      {days.map(({ day, rows }) => (
        <tbody key={day}>
          <tr class="day">
            <th scope="rowgroup" colSpan={columns}>
              {rows[0] && f.dayHeading(rows[0].at, zoneOf(pbxs, rows[0].pbx))}
              {zone !== undefined && <small class="day-zone">{zone}</small>}
            </th>
          </tr>
          {rows.map((recording) => {
            const isOpen = idOf(recording) === openId;
            return (
              <Row
                key={idOf(recording)}
                recording={recording}
                pbxs={pbxs}
                saysZone={zone === undefined}
                isOpen={isOpen}
                isPlaying={isOpen && isPlaying}
                onOpen={() => onOpen(recording)}
              />
            );
          })}
        </tbody>
      ))}
    </table>
  );
}
