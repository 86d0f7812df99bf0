import { MultiBar } from 'cli-progress';
import { type LogLine, logChannel } from '../../../functions/shared/telemetry/log.ts';
import { toPlainText } from '../../shared/text.ts';

const PERIOD_WITHOUT_TERMINAL_MS = 10_000;

export interface Progress {
  advance(): void;
  /** Prints a line above the bar. It may contain text from outside. */
  print(text: string): void;
  end(): void;
}

/** Shows a bar that counts `items` up to `total`, with the time left. Without a terminal, prints a line at times. */
export function showProgress(items: string, total: number): Progress {
  const bars = new MultiBar({
    format: `${items}  {bar}  {value}/{total}  {rate}{eta_formatted} left`,
    stream: process.stdout,
    etaBuffer: 50,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: PERIOD_WITHOUT_TERMINAL_MS,
    // The command handles Ctrl-C itself, to clean up what is in progress.
    gracefulExit: false,
  });
  const bar = bars.create(total, 0, { rate: '' });
  const meter = measureDownloads((bytesPerSecond) => bar.update({ rate: `${formatRate(bytesPerSecond)}  ` }));
  return {
    advance: () => bar.increment(),
    print: (text) => bars.log(`${toPlainText(text)}\n`),
    end() {
      meter.end();
      // Otherwise lines printed since the last redraw would be lost.
      bars.update();
      bars.stop();
    },
  };
}

/** Measures the download rate by the archiver's log lines. */
function measureDownloads(onRate: (bytesPerSecond: number) => void): { end(): void } {
  const startedAt = performance.now();
  const received = new Map<unknown, number>();
  let total = 0;
  const listen = (message: unknown) => {
    const { event, recording, bytes } = message as LogLine;
    if (event === 'download-started') received.set(recording, 0);
    if (event !== 'download-progress') return;
    total += Number(bytes) - (received.get(recording) ?? 0);
    received.set(recording, Number(bytes));
    onRate((1000 * total) / (performance.now() - startedAt));
  };
  logChannel.subscribe(listen);
  return { end: () => logChannel.unsubscribe(listen) };
}

const formatRate = (bytesPerSecond: number) =>
  `${(bytesPerSecond / 1e6).toLocaleString('en', { maximumFractionDigits: 2 })} MB/s`;
