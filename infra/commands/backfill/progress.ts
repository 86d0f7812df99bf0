import { MultiBar } from 'cli-progress';
import { type LogLine, logChannel } from '../../../functions/shared/telemetry/log.ts';

const PERIOD_WITHOUT_TERMINAL_MS = 10_000;

export interface Progress {
  advance(): void;
  /** A line that stays, above the bar. */
  say(text: string): void;
  end(): void;
}

/** A bar with the time left; on what is no terminal, a line now and then. `what` is counted up to `total`. */
export function showProgress(what: string, total: number): Progress {
  const bars = new MultiBar({
    format: `${what}  {bar}  {value}/{total}  {rate}{eta_formatted} left`,
    stream: process.stdout,
    etaBuffer: 50,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: PERIOD_WITHOUT_TERMINAL_MS,
    // Ctrl-C is ours: what is under way is cleaned up first.
    gracefulExit: false,
  });
  const bar = bars.create(total, 0, { rate: '' });
  const meter = measureDownloads((bytesPerSecond) => bar.update({ rate: `${formatRate(bytesPerSecond)}  ` }));
  return {
    advance: () => bar.increment(),
    say: (text) => bars.log(`${text}\n`),
    end() {
      meter.end();
      // What has been said since the last turn would be lost.
      bars.update();
      bars.stop();
    },
  };
}

/** Listens to the archiver's own lines for the bytes that come in. */
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
