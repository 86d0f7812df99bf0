interface WaveformProps {
  peaks: Float32Array;
  /** How much of it is played, from 0 to 1. */
  part: number;
}

/** A picture behind the slider. Everything that it says, the slider says too. */
export function Waveform({ peaks, part }: WaveformProps) {
  // Speech is quiet most of the time: the loudest sample fills the height.
  const loudest = Math.max(...peaks, 0.01);
  const bars = Array.from(peaks, (peak, index) => {
    const height = Math.max(1, Math.round((peak / loudest) * 46));
    return `M${index} ${50 - height}V${50 + height}`;
  }).join('');
  return (
    <svg class="waveform" viewBox={`0 0 ${peaks.length} 100`} preserveAspectRatio="none" aria-hidden="true">
      <path d={bars} />
      <path class="played" d={bars} style={{ clipPath: `inset(0 ${100 - part * 100}% 0 0)` }} />
    </svg>
  );
}
