/**
 * The loudest sample of each of `count` equal parts, from 0 (silence) to 1 (full scale), to draw a waveform. Interleaved
 * channels give the loudest of all channels.
 */
export function peaks(samples: Int16Array, count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, part) => {
    const start = Math.floor((part * samples.length) / count);
    // With fewer samples than parts, neighbours share a sample.
    const end = Math.max(Math.floor(((part + 1) * samples.length) / count), start + 1);
    let peak = 0;
    for (const sample of samples.subarray(start, end)) peak = Math.max(peak, Math.abs(sample));
    return peak / 32768;
  });
}
