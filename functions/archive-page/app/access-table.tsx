import type { Access, Pbx, Share } from './contract.ts';
import { zoneOf } from './describe.ts';
import { useDialogMessages } from './dialog-messages.ts';
import { useLocale } from './locale.tsx';
import type { DialogMessages } from './messages/dialogs-en.ts';
import { RecordingCell } from './recording-cell.tsx';
import { ScrollBox } from './scroll-box.tsx';

interface AccessTableProps {
  rows: readonly Access[];
  /** Those that the rows are about, as far as they are known. */
  shares: readonly Share[];
  pbxs: readonly Pbx[];
  withRecording: boolean;
}

export function AccessTable({ rows, shares, pbxs, withRecording }: AccessTableProps) {
  const { f } = useLocale();
  const d = useDialogMessages();
  const { columns, kind, by } = d.access;
  return (
    <ScrollBox label={d.access.heading}>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">{columns.at}</th>
            <th scope="col">{columns.person}</th>
            <th scope="col">{columns.kind}</th>
            {withRecording && <th scope="col">{columns.recording}</th>}
            <th scope="col">{columns.by}</th>
            <th scope="col">{columns.address}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index} tabIndex={-1}>
              <td data-label={columns.at}>
                <time dateTime={row.at}>{f.dateTime(row.at, zoneOf(pbxs, row.pbx))}</time>
              </td>
              <td data-label={columns.person}>{personOf(row, d)}</td>
              <td data-label={columns.kind}>
                {kind[row.kind]}
                {row.seconds !== undefined && <small>{f.duration(row.seconds)}</small>}
                {row.reason !== undefined && <small>{d.access.reason[row.reason]}</small>}
                <Which share={shares.find(({ id }) => id === row.share)} pbxs={pbxs} />
              </td>
              {withRecording && <Subject label={columns.recording} row={row} pbxs={pbxs} />}
              <td data-label={columns.by}>{by[row.by]}</td>
              <td data-label={columns.address}>{row.address}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

/** A refusal may concern no recording. */
function Subject({ label, row, pbxs }: { label: string; row: Access; pbxs: readonly Pbx[] }) {
  const { pbx, recording } = row;
  if (pbx === undefined || recording === undefined) return <td data-label={label}>–</td>;
  return <RecordingCell label={label} pbx={pbx} recording={recording} pbxs={pbxs} />;
}

/** Which of a recording's links it was. */
function Which({ share, pbxs }: { share: Share | undefined; pbxs: readonly Pbx[] }) {
  const { f } = useLocale();
  const { access } = useDialogMessages();
  if (share === undefined) return null;
  const { note, createdAt, pbx } = share;
  return <small>{note ? access.note(note) : access.made(f.dateTime(createdAt, zoneOf(pbxs, pbx)))}</small>;
}

/** Who signs in with the link token and gives no name has the one of programs that use the token. */
function personOf({ by, person }: Access, { access }: DialogMessages): string {
  if (by === 'share') return access.withLinkOf(person);
  return by === 'session' && person === 'token' ? access.noName(person) : person;
}
