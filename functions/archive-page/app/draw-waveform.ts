/** A waveform as the path of an SVG that is 100 high. */
export interface Drawing {
  width: number;
  bars: string;
}

export function drawWaveform(peaks: Float32Array): Drawing {
  // Speech is quiet most of the time: the loudest sample fills the height.
  const loudest = Math.max(...peaks, 0.01);
  const bars = Array.from(peaks, (peak, index) => {
    const height = Math.max(1, Math.round((peak / loudest) * 46));
    return `M${index} ${50 - height}V${50 + height}`;
  });
  return { width: peaks.length, bars: bars.join('') };
}
