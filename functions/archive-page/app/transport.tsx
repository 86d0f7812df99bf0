import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Drawing } from './draw-waveform.ts';
import { errorText } from './error-text.ts';
import { Icon } from './icons.tsx';
import { useLocale } from './locale.tsx';
import type { Messages } from './messages/en.ts';
import type { Playback } from './playback.ts';
import { type PlaybackState, RATES, STEP_SECONDS } from './playback-state.ts';
import { ReloadButton } from './reload-button.tsx';
import { usePlayback } from './use-playback.ts';
import { Waveform } from './waveform.tsx';

export interface Neighbours {
  onPrevious: (() => void) | undefined;
  onNext: (() => void) | undefined;
}

interface TransportProps {
  playback: Playback;
  /** What comes before and after it in the list, if there is a list. */
  neighbours?: Neighbours;
  /** The waveform, if it is shown. */
  drawing?: Drawing | undefined;
  children?: ComponentChildren;
}

/** Play, seek, speed and volume. */
export function Transport({ playback, neighbours, drawing, children }: TransportProps) {
  const { m, f } = useLocale();
  const state = usePlayback(playback);
  const { status, playing, position, duration, rate, volume, problem } = state;
  const part = duration > 0 ? position / duration : 0;
  const playButton = useRef<HTMLButtonElement>(null);
  const step = f.number(STEP_SECONDS);
  const words = m.player.positionOf(f.duration(position), f.duration(duration));
  return (
    <div class="transport">
      <div class="transport-buttons">
        {neighbours && (
          <StepButton icon="previous" label={m.player.previous} onClick={neighbours.onPrevious} />
        )}
        <button
          type="button"
          class="round"
          aria-label={m.player.back(step)}
          onClick={() => playback.seekBy(-STEP_SECONDS)}
        >
          −{step}
        </button>
        <button
          ref={playButton}
          type="button"
          class="round play"
          aria-label={playing ? m.player.pause : m.player.play}
          onClick={() => playback.toggle()}
        >
          <Icon name={playing ? 'pause' : 'play'} />
        </button>
        <button
          type="button"
          class="round"
          aria-label={m.player.forward(step)}
          onClick={() => playback.seekBy(STEP_SECONDS)}
        >
          +{step}
        </button>
        {neighbours && <StepButton icon="next" label={m.player.next} onClick={neighbours.onNext} />}
      </div>
      <div class={drawing ? 'position has-waveform' : 'position'}>
        <span aria-hidden="true">{f.clock(position)}</span>
        <div class="track">
          {drawing && <Waveform drawing={drawing} part={part} />}
          <input
            type="range"
            aria-label={m.player.position}
            aria-valuetext={words}
            min={0}
            max={Math.max(duration, 0.1)}
            step={0.1}
            value={position}
            style={{ '--part': part }}
            onInput={(event) => playback.seek(event.currentTarget.valueAsNumber)}
            onKeyDown={(event) => {
              const by = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5 }[event.key];
              if (by === undefined) return;
              event.preventDefault();
              playback.seekBy(by);
            }}
          />
        </div>
        <span aria-hidden="true">{f.clock(duration)}</span>
      </div>
      <div class="tools">
        <label class="inline">
          <span>{m.player.speed}</span>
          <select value={rate} onChange={(event) => playback.setRate(Number(event.currentTarget.value))}>
            {RATES.map((option) => (
              <option key={option} value={option}>
                {m.player.speedValue(f.number(option))}
              </option>
            ))}
          </select>
        </label>
        <label class="inline volume">
          <Icon name="volume" />
          <span class="visually-hidden">{m.player.volume}</span>
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={volume}
            aria-valuetext={f.number(volume, { style: 'percent' })}
            style={{ '--part': volume }}
            onInput={(event) => playback.setVolume(event.currentTarget.valueAsNumber)}
          />
        </label>
        {children}
      </div>
      {/* Always there, so that what it says is read. */}
      <p class="player-status" role="status">
        {status === 'decoding' ? m.player.decoding : textOf(state, m)}
      </p>
      {problem === 'not-loaded' && <ReloadButton />}
      {(problem === 'link' || problem === 'network') && (
        <button
          type="button"
          class="chip"
          onClick={() => {
            // This button is gone while it loads.
            playButton.current?.focus();
            playback.toggle();
          }}
        >
          {m.tryAgain}
        </button>
      )}
    </div>
  );
}

/** The page of a share says itself what to do when there is no other link. */
function textOf({ problem, error }: PlaybackState, m: Messages): string {
  if (problem === undefined || problem === 'ended') return '';
  if (problem === 'not-loaded') return m.error.notLoaded;
  const text = m.player.problem[problem];
  return problem === 'link' ? `${text} ${errorText(error, m)}` : text;
}

interface StepButtonProps {
  icon: 'previous' | 'next';
  label: string;
  onClick: (() => void) | undefined;
}

/** Stays focusable at the end of the list: a button that is disabled would lose the focus. */
function StepButton({ icon, label, onClick }: StepButtonProps) {
  return (
    <button
      type="button"
      class="round"
      aria-label={label}
      aria-disabled={onClick === undefined}
      onClick={() => onClick?.()}
    >
      <Icon name={icon} />
    </button>
  );
}
