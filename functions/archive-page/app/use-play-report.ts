import { useEffect } from 'preact/hooks';
import type { Api } from './api.ts';
import type { Recording } from './contract.ts';
import type { Playback } from './playback.ts';

/** Has a function that stops the player. It resolves when the archive knows what was played, or does not take the report. */
export interface StopPlaying {
  current: () => Promise<void>;
}

/** Longer steps between two positions are jumps. */
const MAX_STEP_SECONDS = 3;

/** Who signs out waits no longer for the report. */
const MAX_WAIT_MS = 2_000;

/** Tells the access log how many seconds of a recording were played, once it is closed or the page is left. */
export function usePlayReport(
  api: Api,
  playback: Playback,
  recording: Recording | undefined,
  stopPlaying: StopPlaying,
): void {
  useEffect(() => {
    if (recording === undefined) return undefined;
    let played = 0;
    let last = 0;
    const unsubscribe = playback.subscribe(() => {
      const { position, playing } = playback.current;
      const step = position - last;
      if (playing && step > 0 && step < MAX_STEP_SECONDS) played += step;
      last = position;
    });
    const report = async () => {
      const seconds = Math.round(played);
      if (seconds === 0) return;
      played = 0;
      // Nothing can be done if it fails.
      await api.reportPlayed(recording.pbx, recording.recording, seconds).catch(() => undefined);
    };
    stopPlaying.current = () => {
      playback.close();
      return Promise.race([report(), new Promise<void>((resolve) => setTimeout(resolve, MAX_WAIT_MS))]);
    };
    const onHide = () => document.hidden && report();
    document.addEventListener('visibilitychange', onHide);
    return () => {
      document.removeEventListener('visibilitychange', onHide);
      unsubscribe();
      void report();
    };
  }, [api, playback, recording, stopPlaying]);
}
