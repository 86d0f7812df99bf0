import type { ColdStarts } from './cold-start.ts';
import type { Figure } from './statistics.ts';

const MEGABYTE = 1e6;

/** `median (min to max)` */
const show = (figure: Figure | undefined, unit = 1): string => {
  if (figure === undefined) return '';
  const [median, min, max] = [figure.median, figure.min, figure.max].map((it) => (it / unit).toFixed(0));
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
