import type { PlaybackState } from './playback-state.ts';

/**
 * What the page needs to go on with an opening after a reload, which would otherwise use up another one. It is in the
 * session storage, which ends with the tab.
 */
interface KeptOpening {
  /** That of the share: another link may be in the address by now. */
  token: string;
  continuation: string;
  /** Where the player was, in seconds. */
  position: number;
}

const KEY = 'opening';

export function readOpening(token: string): KeptOpening | undefined {
  try {
    const kept: KeptOpening | null = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    return kept?.token === token ? kept : undefined;
  } catch {
    // The browser keeps nothing.
    return undefined;
  }
}

export function keepOpening(opening: KeptOpening): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(opening));
  } catch {
    // Then a reload is another opening.
  }
}

export function forgetOpening(token: string): void {
  if (readOpening(token)) sessionStorage.removeItem(KEY);
}

/** Keeps the position of the player, unless nothing is open yet, as after a reload without a connection. */
export function keepPosition(
  token: string,
  { track, position }: Pick<PlaybackState, 'track' | 'position'>,
): void {
  const kept = readOpening(token);
  if (kept && track) keepOpening({ ...kept, position });
}
