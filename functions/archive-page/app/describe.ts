import type { Pbx, Recording } from './contract.ts';
import type { Formats } from './formats.ts';
import type { Messages } from './messages/en.ts';

/** Texts about recordings that more than one part of the page shows. */

interface Texts {
  m: Messages;
  f: Formats;
}

export const idOf = ({ pbx, recording }: Pick<Recording, 'pbx' | 'recording'>) => `${pbx}/${recording}`;

export const zoneOf = (pbxs: readonly Pbx[], pbx: string | undefined): string =>
  pbxs.find(({ id }) => id === pbx)?.timeZone ?? 'UTC';

/** The name of the time zone, such as `CET`, if the times of all these recordings have the same. */
export function commonZone(recordings: readonly Recording[], pbxs: readonly Pbx[], f: Formats) {
  if (new Set(pbxs.map(({ timeZone }) => timeZone)).size > 1) return undefined;
  // There are two names if the clocks were changed in between.
  const [name, ...others] = new Set(recordings.map(({ at, pbx }) => f.zone(at, zoneOf(pbxs, pbx))));
  return others.length === 0 ? name : undefined;
}

export function callOf({ from, to }: Pick<Recording, 'from' | 'to'>, m: Messages): string {
  const { unknownNumber, toWord } = m.results;
  return `${from ?? unknownNumber} ${toWord} ${to ?? unknownNumber}`;
}

/** A call in one line, such as `10:15:32, 030 901820 to 1000`. */
export const lineOf = (recording: Recording, timeZone: string, { m, f }: Texts): string =>
  `${f.time(recording.at, timeZone)}, ${callOf(recording, m)}`;

/** The PBX's own word for a direction that is none of the three. */
export function directionOf({ type = '' }: Recording, m: Messages): string {
  const known = m.direction[type.toLowerCase() as keyof Messages['direction']];
  return known ?? type;
}
