import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from './announcer.tsx';
import type { Api } from './api.ts';
import { fetchDrawing, isDecoderMissing } from './audio-decoder.ts';
import type { Me, Recording } from './contract.ts';
import { directionOf, zoneOf } from './describe.ts';
import { Details } from './details.tsx';
import type { Drawing } from './draw-waveform.ts';
import { errorText } from './error-text.ts';
import { addressOf, NO_FILTERS } from './filters.ts';
import { Icon } from './icons.tsx';
import { useLocale } from './locale.tsx';
import type { Playback } from './playback.ts';
import { type Neighbours, Transport } from './transport.tsx';
import { usePlayback } from './use-playback.ts';
import { verificationOf } from './verification.ts';

export interface PlayerPanelProps {
  api: Api;
  me: Me;
  recording: Recording;
  playback: Playback;
  neighbours: Neighbours;
  onShare: () => void;
  onAccess: () => void;
  onClose: () => void;
}

/** Longer ones would be a large download for a small picture. */
const MAX_WAVEFORM_SECONDS = 600;

/** The recording that was opened: what is known of it, and the player if it is archived. */
export function PlayerPanel(props: PlayerPanelProps) {
  const { api, me, recording, playback, neighbours, onShare, onAccess, onClose } = props;
  const { m, f } = useLocale();
  const [picture, setPicture] = useState<Drawing | 'loading' | 'failed'>();
  const [problem, setProblem] = useState<string>();
  const timeZone = zoneOf(me.pbxs, recording.pbx);
  const may = (right: Me['rights'][number]) => me.rights.includes(right);
  const { duration } = usePlayback(playback);
  // The index does not know the length of every recording. The player does, once the file has begun to load.
  const { seconds = duration } = recording;
  const panel = useRef<HTMLElement>(null);
  /** The waveform that is being drawn. Another recording may be open by the time it is there. */
  const drawing = useRef<symbol>(undefined);

  // Room at the end of the page, so that the player hides nothing for good, and not what gets the focus.
  useEffect(() => {
    const { style } = document.documentElement;
    const observer = new ResizeObserver(([entry]) => {
      style.setProperty('--player-height', `${entry?.borderBoxSize[0]?.blockSize ?? 0}px`);
    });
    if (panel.current) observer.observe(panel.current);
    return () => {
      observer.disconnect();
      style.removeProperty('--player-height');
    };
  }, []);

  useEffect(() => {
    drawing.current = undefined;
    setPicture(undefined);
    setProblem(undefined);
    // The player may cover the row. Its height is known after the next frame.
    const showRow = () =>
      document.querySelector('#results tr[aria-current]')?.scrollIntoView({ block: 'nearest' });
    requestAnimationFrame(() => requestAnimationFrame(showRow));
  }, [recording]);

  async function toggleWaveform(): Promise<void> {
    const request = Symbol();
    const isWanted = picture === undefined || picture === 'failed';
    drawing.current = isWanted ? request : undefined;
    setPicture(isWanted ? 'loading' : undefined);
    if (!isWanted) return;
    try {
      const { url } = await playback.freshLink();
      const drawn = await fetchDrawing(url);
      if (drawing.current === request) setPicture(drawn);
    } catch (error) {
      if (drawing.current !== request) return;
      setPicture('failed');
      setProblem(isDecoderMissing(error) ? m.error.notLoaded : m.player.waveformFailed);
    }
  }

  async function download(): Promise<void> {
    setProblem(undefined);
    try {
      const { link } = await api.recording(recording.pbx, recording.recording, true);
      if (link === undefined) return setProblem(m.player.problem.link);
      // The bucket's response says that it is a file to be saved, so the page stays.
      location.assign(link.url);
      announce(m.player.downloadStarted);
    } catch (error) {
      setProblem(errorText(error, m));
    }
  }

  async function copyLink(): Promise<void> {
    setProblem(undefined);
    try {
      await navigator.clipboard.writeText(`${location.origin}${addressOf(NO_FILTERS, recording)}`);
      setProblem(m.player.colleaguesCopied);
    } catch {
      setProblem(`${m.copyFailed} ${location.origin}${addressOf(NO_FILTERS, recording)}`);
    }
  }

  return (
    <section id="player" ref={panel} class="player" tabIndex={-1} aria-label={m.player.label}>
      <div class="player-head">
        <div>
          <h2 class="player-title">
            {recording.from ?? m.results.unknownNumber} <span aria-hidden="true">→</span>
            <span class="visually-hidden">{m.results.toWord}</span> {recording.to ?? m.results.unknownNumber}
          </h2>
          <p class="muted">
            {f.dateTime(recording.at, timeZone)}
            {me.pbxs.length > 1 && ` · ${recording.pbx}`}
            {recording.type !== undefined && ` · ${directionOf(recording, m)}`}
          </p>
        </div>
        <button type="button" class="icon-button" aria-label={m.player.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {recording.state === 'archived' && (
        <Transport
          playback={playback}
          neighbours={neighbours}
          drawing={typeof picture === 'object' ? picture : undefined}
        >
          {seconds > 0 && seconds <= MAX_WAVEFORM_SECONDS && (
            <Tool
              isPressed={picture !== undefined && picture !== 'failed'}
              onClick={() => void toggleWaveform()}
            >
              {picture === 'loading' ? m.player.waveformLoading : m.player.waveform}
            </Tool>
          )}
          <Tool onClick={() => void copyLink()}>{m.player.copyLink}</Tool>
          {me.shares.allowed && (may('share') || may('audit')) && (
            <Tool onClick={onShare}>{may('share') ? m.player.share : m.menu.shares}</Tool>
          )}
          {may('download') && <Tool onClick={() => void download()}>{m.player.download}</Tool>}
          {me.accessLog && <Tool onClick={onAccess}>{m.menu.access}</Tool>}
        </Transport>
      )}
      <p class="player-status" role="status">
        {problem}
      </p>
      <Details
        recording={recording}
        claims={verificationOf(recording).claims}
        timeZone={timeZone}
        isOpen={recording.state !== 'archived'}
      />
    </section>
  );
}

interface ToolProps {
  onClick: () => void;
  isPressed?: boolean;
  children: ComponentChildren;
}

function Tool({ onClick, isPressed, children }: ToolProps) {
  return (
    <button type="button" class="chip" aria-pressed={isPressed} onClick={onClick}>
      {children}
    </button>
  );
}
