import type { Invocation } from '../aws/invocation.ts';
import type { Outcome } from '../aws/lambda-function.ts';
import { elapsedMs } from '../engine/virtual-time.ts';
import type { World } from '../world.ts';

/** For how long the webhook remembers that a secret could not be read. */
const MEMORY_OF_TROUBLE_MS = 10_000;

/** Functions end by themselves, in time, with nothing left behind, and fail only with what they depend on. */
export class FunctionChecks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  afterInvocation(name: string, { how, invocation }: Outcome): void {
    const { violations } = this.#world;
    if (how === 'threw') violations.add('a failure has a cause', `${name} threw an error`);
    if (how !== 'returned') return;
    const [left] = invocation.openRequests;
    if (left)
      violations.add('a function ends in time, with all its work', `${invocation.name} left behind: ${left}`);
  }

  onLateRequest({ name }: Invocation, what: string): void {
    const detail = `${name} went on after its end: ${what}`;
    this.#world.violations.add('a function ends in time, with all its work', detail);
  }

  /** The webhook answers a PBX that has turned away after ten seconds anyway. */
  onTimeout(name: string, { name: container, troubles }: Invocation): void {
    if (name === 'cdr-webhook') return;
    // Two requests that are not answered take up what is held back for the end of a function.
    const isHeldUp = troubles.slice(-4).filter((trouble) => /(?:slow|silent)$/.test(trouble)).length >= 2;
    if (!isHeldUp)
      this.#world.violations.add(
        'a function ends in time, with all its work',
        `${container} ran out of time`,
      );
  }

  afterReport(statusCode: number, { how, invocation }: Outcome): void {
    if (how !== 'returned' || statusCode < 500) return;
    const { troubles, container } = invocation;
    const isExplained = troubles.length > 0 || elapsedMs() - container.troubledAt < MEMORY_OF_TROUBLE_MS;
    if (!isExplained)
      this.#world.violations.add('a failure has a cause', `the webhook answered ${statusCode}`);
  }

  afterForgery(answer: number | 'no-answer'): void {
    if (answer === 200)
      this.#world.violations.add('no object is partial or foreign', 'a forged report was taken');
  }

  /** In calm weather everything works at once. */
  afterMessage(queueName: string, isDone: boolean, { invocation }: Outcome): void {
    if (isDone || !this.#world.faults.isCalm) return;
    this.#world.violations.add(
      'a failure has a cause',
      `${invocation.name} failed on a message of ${queueName}`,
    );
  }
}
