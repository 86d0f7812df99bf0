import type { Drawing } from './draw-waveform.ts';

interface WaveformProps {
  drawing: Drawing;
  /** How much of it is played, from 0 to 1. */
  part: number;
}

/** A picture behind the slider. Everything that it says, the slider says too. */
export function Waveform({ drawing: { width, bars }, part }: WaveformProps) {
  return (
    <svg class="waveform" viewBox={`0 0 ${width} 100`} preserveAspectRatio="none" aria-hidden="true">
      <path d={bars} />
      <path class="played" d={bars} style={{ clipPath: `inset(0 ${100 - part * 100}% 0 0)` }} />
    </svg>
  );
}
