import type { ColdStarts } from './cold-start.ts';
import type { Figure } from './statistics.ts';
import type { Streaming } from './streaming/streaming.ts';

const MEGABYTE = 1e6;

/** `median (min to max)` */
const show = (figure: Figure | undefined, unit = 1, digits = 0): string => {
  if (figure === undefined) return '';
  const [median, min, max] = [figure.median, figure.min, figure.max].map((it) => (it / unit).toFixed(digits));
  return `${median} (${min} to ${max})`;
};

export function printColdStarts({ bareMs, functions }: ColdStarts): void {
  console.log(`Cold start, over bare Node's ${show(bareMs)} ms: median (least to most)`);
  console.table(
    Object.fromEntries(
      functions.map(({ name, bundleBytes, memoryMb, loadedMs, answeredMs, maxRssBytes }) => [
        name,
        {
          'bundle KB': Math.round(bundleBytes / 1024),
          'loaded ms': show(loadedMs),
          'first answer ms': show(answeredMs),
          'peak RSS MB': show(maxRssBytes, MEGABYTE),
          'memory MB': memoryMb,
        },
      ]),
    ),
  );
}

export function printStreaming(streaming: Streaming[]): void {
  console.log('Streaming, HTTPS to HTTPS, without the start of the process: median (least to most)');
  console.table(
    streaming.map(({ sizeMib, isLengthKnown, way, wallMs, cpuMsPerMib, maxRssBytes }) => {
      const ours = streaming.find((it) => it.sizeMib === sizeMib && it.isLengthKnown === isLengthKnown);
      return {
        MiB: sizeMib,
        length: isLengthKnown ? 'known' : 'unknown',
        way,
        'wall ms': show(wallMs),
        'CPU ms/MiB': show(cpuMsPerMib, 1, 2),
        'ours, of its CPU': ((ours?.cpuMsPerMib.median ?? 0) / cpuMsPerMib.median).toFixed(2),
        'peak RSS MB': show(maxRssBytes, MEGABYTE),
      };
    }),
  );
}
