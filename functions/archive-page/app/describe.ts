import { ApiError } from './api.ts';
import type { Pbx, Recording } from './contract.ts';
import type { Locale } from './locale.tsx';
import type { Messages } from './messages/en.ts';

/** Texts about recordings and errors that more than one part of the page shows. */

export const idOf = ({ pbx, recording }: Pick<Recording, 'pbx' | 'recording'>) => `${pbx}/${recording}`;

export const zoneOf = (pbxs: readonly Pbx[], pbx: string): string =>
  pbxs.find(({ id }) => id === pbx)?.timeZone ?? 'UTC';

export function callOf({ from, to }: Recording, m: Messages): string {
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

export function errorText(error: unknown, m: Messages): string {
  if (!(error instanceof ApiError)) return m.error.unavailable;
  switch (error.kind) {
    case 'invalid':
      return m.error.invalid(error.message);
    case 'forbidden':
      return m.error.forbidden;
    case 'not-found':
      return m.error.notFound;
    case 'too-many':
      return m.error.tooMany;
    case 'network':
      return m.error.network;
    case 'signed-out':
      return m.signIn.ended;
    case 'unavailable':
      return m.error.unavailable;
  }
}
