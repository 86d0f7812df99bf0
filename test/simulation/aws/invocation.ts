import type { Duplex } from 'node:stream';
import { elapsedMs } from '../engine/virtual-time.ts';
import type { FaultKind } from '../faults.ts';
import type { World } from '../world.ts';

/** The points at which a function may be killed. */
export type Moment = 'before-effect' | 'after-effect' | 'in-body' | 'waiting';

/** A process of a function. It runs one invocation at a time, and ends with one that is killed. */
export interface Container {
  /** Unique, for the trace. */
  name: string;
  functionName: string;
  handler: (event: unknown, context: object) => Promise<unknown>;
  invocation: Invocation | undefined;
  connections: Set<Duplex>;
  /** When a fault last affected it (elapsed ms). */
  troubledAt: number;
}

/** One run of a function's handler. */
export class Invocation {
  readonly world: World;
  readonly container: Container;
  readonly event: unknown;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly endsAt: number;
  /** Requests without a response so far. */
  readonly openRequests = new Set<string>();
  /** The faults that affected it. */
  readonly troubles: string[] = [];
  /** Nothing went wrong, but the recorder may still be writing, so that its job is tried again later. */
  isWaiting = false;
  state: 'running' | 'ended' | 'killed' = 'running';
  #doom: { moment: Moment; countdown: number } | undefined;
  readonly #killed = Promise.withResolvers<'killed' | 'timed-out'>();

  constructor(world: World, container: Container, event: unknown, timeoutMs: number) {
    this.world = world;
    this.container = container;
    this.event = event;
    this.startedAt = world.now();
    this.endsAt = elapsedMs() + timeoutMs;
  }

  get name(): string {
    return this.container.name;
  }

  get functionName(): string {
    return this.container.functionName;
  }

  /** Resolves if the function is ended from outside. */
  get killed(): Promise<'killed' | 'timed-out'> {
    return this.#killed.promise;
  }

  /** Has it killed when it reaches such a moment for the `countdown`th time. */
  doom(moment: Moment, countdown: number): void {
    this.#doom = { moment, countdown };
  }

  /** Called when the function reaches such a moment. Returns whether it survives. */
  passes(moment: Moment): boolean {
    if (this.state === 'killed') return false;
    if (this.#doom?.moment !== moment || --this.#doom.countdown > 0) return true;
    const kind: FaultKind = `killed-${moment}`;
    this.world.faults.note(kind, this.name);
    this.suffer(kind);
    this.kill('killed');
    return false;
  }

  kill(how: 'killed' | 'timed-out'): void {
    this.state = 'killed';
    // With an error: undici would otherwise complete a response that the dying code has just given up.
    const death = new Error('The function was killed.');
    for (const connection of this.container.connections) connection.destroy(death);
    this.#killed.resolve(how);
  }

  suffer(trouble: string): void {
    this.troubles.push(trouble);
    this.container.troubledAt = elapsedMs();
  }
}

/** Never settles, so that the code of a killed function does not continue. */
export const never = <T>(): Promise<T> => new Promise(() => {});
