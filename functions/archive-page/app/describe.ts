import type { Pbx, Recording } from './contract.ts';
import type { Locale } from './locale.tsx';
import type { Messages } from './messages/en.ts';

/** Texts about recordings that more than one part of the page shows. */

export const idOf = ({ pbx, recording }: Pick<Recording, 'pbx' | 'recording'>) => `${pbx}/${recording}`;

export const zoneOf = (pbxs: readonly Pbx[], pbx: string): string =>
  pbxs.find(({ id }) => id === pbx)?.timeZone ?? 'UTC';

export function callOf({ from, to }: Pick<Recording, 'from' | 'to'>, m: Messages): string {
  const { unknownNumber, toWord } = m.results;
  return `${from ?? unknownNumber} ${toWord} ${to ?? unknownNumber}`;
}

/** A call in one line, such as `10:15:32, 030 901820 to 1000`. */
export const lineOf = (recording: Recording, timeZone: string, { m, f }: Locale): string =>
  `${f.time(recording.at, timeZone)}, ${callOf(recording, m)}`;

/** The PBX's own word for a direction that is none of the three. */
export function directionOf({ type = '' }: Recording, m: Messages): string {
  const known = m.direction[type.toLowerCase() as keyof Messages['direction']];
  return known ?? type;
}
