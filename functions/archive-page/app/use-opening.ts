import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, createApi } from './api.ts';
import type { OpenedShare } from './contract.ts';
import { forgetOpening, keepOpening, keepPosition, readOpening } from './kept-opening.ts';
import { Playback } from './playback.ts';
import { usePlayback } from './use-playback.ts';

/** The opening of a share by its recipient. Methods reject with an ApiError. */
export function useOpening(token: string) {
  const api = useMemo(() => createApi(), []);
  const playback = useMemo(() => new Playback(), []);
  const { problem, position, playing } = usePlayback(playback);
  const [opened, setOpened] = useState<OpenedShare>();
  /** The file could not be saved, because the archive gives no other link. */
  const [isRefused, setRefused] = useState(false);

  const isGone = useRef(false);
  useEffect(
    () => () => {
      isGone.current = true;
      playback.close();
    },
    [playback],
  );
  // A page that is hidden learns no more before it is gone.
  useEffect(() => {
    const keep = () => keepPosition(token, playback.current);
    document.addEventListener('visibilitychange', keep);
    return () => document.removeEventListener('visibilitychange', keep);
  }, [token, playback]);

  /** Another link for an opening; `undefined` if the archive gives no other. */
  async function goOn(continuation: string): Promise<OpenedShare | undefined> {
    try {
      const share = await api.continueShare(token, continuation);
      // It may have been opened again by now.
      setOpened((current) => (current?.continuation === continuation ? share : current));
      setRefused(false);
      return share;
    } catch (error) {
      if (!(error instanceof ApiError && error.kind === 'not-found')) throw error;
      forgetOpening(token);
      return undefined;
    }
  }

  /** Goes on with an opening from before a reload, if it is not over. */
  async function goOnAfterReload(): Promise<OpenedShare | undefined> {
    const kept = readOpening(token);
    return kept ? goOn(kept.continuation) : undefined;
  }

  /** Returns the share, unless another link is in the address by now. */
  async function start(share: OpenedShare, autoplay: boolean): Promise<OpenedShare | undefined> {
    if (isGone.current) return undefined;
    const resumeAt = opened ? position : (readOpening(token)?.position ?? 0);
    const { codec, seconds, continuation } = share;
    setOpened(share);
    setRefused(false);
    keepOpening({ token, continuation, position: resumeAt });
    const track = { codec, seconds, renew: () => goOn(continuation) };
    await playback.open(track, { link: share, autoplay, position: resumeAt });
    return share;
  }

  return {
    playback,
    opened,
    /** The archive gives no other link for this opening. */
    isOver: opened !== undefined && (problem === 'ended' || isRefused),
    async open(passcode: string): Promise<OpenedShare | undefined> {
      const share = (await goOnAfterReload()) ?? (await api.openShare(token, passcode));
      return start(share, playing || !isRefused);
    },
    async restore(): Promise<void> {
      const share = await goOnAfterReload();
      // Before the person has done anything, a browser would not play.
      if (share) await start(share, false);
    },
    async renew(): Promise<OpenedShare | undefined> {
      const share = opened && (await goOn(opened.continuation));
      setRefused(share === undefined);
      return share;
    },
  };
}
