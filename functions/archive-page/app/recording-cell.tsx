import { callInName } from './call-in-name.ts';
import type { Pbx } from './contract.ts';
import { callOf, zoneOf } from './describe.ts';
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
  return (
    <td class="name" data-label={label}>
      {call && f.dateTime(call.at, zoneOf(pbxs, pbx))}
      {call?.from !== undefined && `, ${callOf(call, m)}`}
      {call ? <small>{name}</small> : name}
    </td>
  );
}
