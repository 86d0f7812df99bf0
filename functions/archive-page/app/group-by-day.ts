import type { Pbx, Recording } from './contract.ts';
import { zoneOf } from './describe.ts';
import { dayOf } from './formats.ts';

/** The day of a recording is that of its PBX, so two neighbours may have the same day again after another one. */
export function groupByDay(recordings: readonly Recording[], pbxs: readonly Pbx[]) {
  const groups: { day: string; rows: Recording[] }[] = [];
  for (const recording of recordings) {
    const day = dayOf(Date.parse(recording.at), zoneOf(pbxs, recording.pbx));
    const last = groups.at(-1);
    if (last?.day.startsWith(day)) last.rows.push(recording);
    else
      groups.push({
        day: groups.some((group) => group.day === day) ? `${day} ${groups.length}` : day,
        rows: [recording],
      });
  }
  return groups;
}
