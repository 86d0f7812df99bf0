import { callInName } from './call-in-name.ts';
import type { Pbx } from './contract.ts';
import { zoneOf } from './describe.ts';
import { useLocale } from './locale.tsx';

interface RecordingCellProps {
  label: string;
  pbx: string;
  recording: string;
  pbxs: readonly Pbx[];
}

/** Which recording a row of a dialog is about: the call, and the name, which alone is unique. */
export function RecordingCell({ label, pbx, recording, pbxs }: RecordingCellProps) {
  const { m, f } = useLocale();
  const name = `${pbx}/${recording}`;
  const call = callInName(recording);
  const { toWord, unknownNumber } = m.results;
  return (
    <td class="name" data-label={label}>
      {call && f.dateTime(call.at, zoneOf(pbxs, pbx))}
      {call?.from !== undefined && (
        <>
          , <span class="party">{call.from}</span> {toWord}{' '}
          <span class="party">{call.to ?? unknownNumber}</span>
        </>
      )}
      {call ? <small>{name}</small> : name}
    </td>
  );
}
