import { useCallback, useRef, useState } from 'preact/hooks';
import { type Api, ApiError } from './api.ts';
import type { Link, Recording } from './contract.ts';
import { idOf } from './describe.ts';
import { readOpen } from './filters.ts';
import type { Playback } from './playback.ts';

/** The recording that is open. The address names it, so reloading, going back and signing in again restore it. */
export function useOpened(api: Api, playback: Playback) {
  const [opened, setOpened] = useState<Recording>();
  const [error, setError] = useState<unknown>();
  /** What is open, or being fetched. Another one that arrives meanwhile is too late. */
  const wanted = useRef<string | undefined>(undefined);

  const open = useCallback(
    (recording: Recording | undefined, given: { link?: Link; autoplay?: boolean } = {}) => {
      wanted.current = recording && idOf(recording);
      setOpened(recording);
      setError(undefined);
      if (recording?.state !== 'archived') return playback.close();
      const renew = async () => {
        const { link } = await api.recording(recording.pbx, recording.recording);
        if (link === undefined) throw new ApiError('not-found');
        return link;
      };
      void playback.open({ codec: recording.codec, seconds: recording.seconds, renew }, given);
    },
    [api, playback],
  );

  /** Opens what the address names. */
  const restore = useCallback(async () => {
    const named = readOpen(location.search);
    const id = named && idOf(named);
    if (id === wanted.current) return;
    open(undefined);
    if (named === undefined) return;
    wanted.current = id;
    try {
      const { recording, link } = await api.recording(named.pbx, named.recording);
      if (wanted.current === id) open(recording, { autoplay: false, ...(link && { link }) });
    } catch (reason) {
      if (wanted.current !== id) return;
      open(undefined);
      setError(reason);
    }
  }, [api, open]);

  return { opened, open, restore, error };
}
