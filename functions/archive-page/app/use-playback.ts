import { useEffect, useState } from 'preact/hooks';
import type { Playback } from './playback.ts';

/** The state of the player, kept up to date. */
export function usePlayback(playback: Playback) {
  const [state, setState] = useState(playback.current);
  useEffect(() => {
    setState(playback.current);
    return playback.subscribe(() => setState(playback.current));
  }, [playback]);
  return state;
}
