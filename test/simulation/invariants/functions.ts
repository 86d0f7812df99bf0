import type { Invocation } from '../aws/invocation.ts';
import type { Outcome } from '../aws/lambda-function.ts';
import { elapsedMs } from '../engine/virtual-time.ts';
import type { World } from '../world.ts';

/** For how long the webhook caches that a secret could not be read. */
const MEMORY_OF_TROUBLE_MS = 10_000;

/** Functions end by themselves in time, leave no work behind, and fail only when a dependency fails. */
export class FunctionChecks {
  readonly #world: World;
  /** Who queued a job for a call last, and when (epoch ms). */
  readonly #queued = new Map<string, { by: Invocation; at: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  afterInvocation(name: string, { how, invocation }: Outcome): void {
    const { violations } = this.#world;
    if (how === 'threw') violations.add('every failure has a cause', `${name} threw an error`);
    if (how !== 'returned') return;
    const [left] = invocation.openRequests;
    if (left)
      violations.add('every function finishes its work in time', `${invocation.name} left behind: ${left}`);
  }

  onLateRequest({ name }: Invocation, what: string): void {
    const detail = `${name} continued after its end: ${what}`;
    this.#world.violations.add('every function finishes its work in time', detail);
  }

  /** A timeout of the webhook is harmless: the PBX itself waits only ten seconds and then repeats the report. */
  onTimeout(name: string, { name: container, troubles }: Invocation): void {
    if (name === 'cdr-webhook') return;
    // Two requests without a response use up the time reserved for cleaning up.
    const isHeldUp = troubles.slice(-4).filter((trouble) => /(?:slow|silent)$/.test(trouble)).length >= 2;
    if (!isHeldUp)
      this.#world.violations.add('every function finishes its work in time', `${container} ran out of time`);
  }

  afterReport(statusCode: number, { how, invocation }: Outcome): void {
    if (how !== 'returned' || statusCode < 500) return;
    const { troubles, container } = invocation;
    const isExplained = troubles.length > 0 || elapsedMs() - container.troubledAt < MEMORY_OF_TROUBLE_MS;
    if (!isExplained)
      this.#world.violations.add('every failure has a cause', `the webhook responded with ${statusCode}`);
  }

  afterForgery(response: number | 'no-answer'): void {
    if (response === 200)
      this.#world.violations.add('no object is incomplete, wrong or forged', 'a forged report was accepted');
  }

  /** Called for each job that reconciliation queues. Only a fault may keep it from being remembered. */
  onMissingQueued(pbx: unknown, callId: string, invocation: Invocation): void {
    const { now, violations, checks } = this.#world;
    // A list of recordings tells calls by the names of their files.
    const isAmbiguous = checks.recordings.all.some(
      ({ office, name, calls }) =>
        office.id === pbx && !office.hasCallLog && calls.length > 1 && name.includes(callId),
    );
    if (isAmbiguous) return;
    const call = `${pbx} ${callId}`;
    const before = this.#queued.get(call);
    this.#queued.set(call, { by: invocation, at: now() });
    if (before === undefined || before.by.troubles.length > 0 || invocation.startedAt < before.at) return;
    violations.add('reconciliation queues one job for a recording', `${call} again`);
  }

  /** In calm weather every message succeeds at the first attempt. */
  afterMessage(queueName: string, isDone: boolean, { invocation }: Outcome): void {
    if (isDone || invocation.isWaiting || !this.#world.faults.isCalm) return;
    this.#world.violations.add(
      'every failure has a cause',
      `${invocation.name} failed on a message of ${queueName}`,
    );
  }
}
