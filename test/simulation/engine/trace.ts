import { createHash } from 'node:crypto';
import { elapsedMs } from './virtual-time.ts';

/** What happened, in order. It must contain nothing that differs between two runs of the same seed. */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #print: ((line: string) => void) | undefined;
  readonly #startedAt = elapsedMs();

  /** @param print gets each line */
  constructor(print?: (line: string) => void) {
    this.#print = print;
  }

  add(source: string, text: string): void {
    const line = `${time(elapsedMs() - this.#startedAt)}  ${source.padEnd(14)} ${text}`;
    this.#hash.update(line);
    this.#print?.(line);
  }

  /** Equal for equal runs. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}

/** `1d 02:03:04.567` since the start of the seed. */
function time(ms: number): string {
  const part = (unitMs: number, size: number, digits: number) =>
    String(Math.floor(ms / unitMs) % size).padStart(digits, '0');
  const day = Math.floor(ms / 86_400_000);
  return `${day}d ${part(3_600_000, 24, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}.${part(1, 1000, 3)}`;
}
