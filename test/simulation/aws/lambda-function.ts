import { TIMEOUT_SECONDS } from '../../../functions/shared/config/limits.ts';
import { currentInvocation } from '../engine/current-invocation.ts';
import type { Random } from '../engine/random.ts';
import { delay, elapsedMs, whileLoading } from '../engine/virtual-time.ts';
import type { World } from '../world.ts';
import { type Container, Invocation, type Moment } from './invocation.ts';

export type Outcome =
  | { how: 'returned'; value: unknown; invocation: Invocation }
  | { how: 'threw' | 'timed-out' | 'killed'; invocation: Invocation };

const MOMENTS: readonly Moment[] = ['before-effect', 'after-effect', 'in-body'];

/** Counts the containers of this process, because each must evaluate the handler's module again. */
let containersSoFar = 0;

/** A Lambda function: starts containers as needed, and ends invocations that time out. */
export class LambdaFunction {
  readonly name: string;
  readonly #world: World;
  readonly #handlerUrl: URL;
  readonly #timeoutMs: number;
  readonly #random: Random;
  readonly #idle: Container[] = [];
  #containers = 0;
  running = 0;

  constructor(world: World, name: keyof typeof TIMEOUT_SECONDS) {
    this.name = name;
    this.#world = world;
    this.#handlerUrl = new URL(`../../../functions/${name}/handler.ts`, import.meta.url);
    this.#timeoutMs = 1000 * TIMEOUT_SECONDS[name];
    this.#random = world.randomFor(`function ${name}`);
  }

  async invoke(event: unknown): Promise<Outcome> {
    this.running += 1;
    try {
      await delay(this.#random.integer(1, 200));
      const container = this.#takeIdle() ?? (await this.#start());
      return await this.#run(container, event);
    } finally {
      this.running -= 1;
    }
  }

  async #run(container: Container, event: unknown): Promise<Outcome> {
    const { trace, faults } = this.#world;
    const isShort = faults.strikes('short-deadline', container.name);
    const timeoutMs = isShort ? this.#random.integer(1000, this.#timeoutMs) : this.#timeoutMs;
    const invocation = new Invocation(this.#world, container, event, timeoutMs);
    if (isShort) invocation.suffer('short-deadline');
    container.invocation = invocation;
    this.#decideItsFate(invocation);
    const timer = setTimeout(() => this.#timeOut(invocation, isShort), timeoutMs);

    const context = { getRemainingTimeInMillis: () => invocation.endsAt - elapsedMs() };
    const work = currentInvocation
      .run(invocation, async () => container.handler(event, context))
      .then(
        (value) => ({ how: 'returned' as const, value, invocation }),
        (error: unknown) => {
          trace.add(container.name, `throws ${(error as Error).name}`);
          return { how: 'threw' as const, invocation };
        },
      );
    const death = invocation.killed.then((how) => ({ how, invocation }));
    const outcome = await Promise.race([work, death]);
    trace.add(container.name, outcome.how);
    clearTimeout(timer);
    if (invocation.state === 'running') invocation.state = 'ended';
    container.invocation = undefined;
    this.#world.checks.functions.afterInvocation(this.name, outcome);
    if (outcome.how === 'returned' || outcome.how === 'threw') this.#release(container);
    return outcome;
  }

  #decideItsFate(invocation: Invocation): void {
    const { faults } = this.#world;
    const moment = MOMENTS.find((candidate) => faults.isDue(`killed-${candidate}`));
    if (moment !== undefined) invocation.doom(moment, this.#random.integer(1, 12));
    else if (faults.isDue('killed-waiting')) {
      invocation.doom('waiting', 1);
      const strike = () => invocation.state === 'running' && invocation.passes('waiting');
      setTimeout(strike, this.#random.integer(1, 2000));
    }
  }

  #timeOut(invocation: Invocation, isShort: boolean): void {
    if (invocation.state !== 'running') return;
    if (!isShort) this.#world.checks.functions.onTimeout(this.name, invocation);
    invocation.suffer('timed-out');
    invocation.kill('timed-out');
  }

  #takeIdle(): Container | undefined {
    const container = this.#idle.pop();
    const isReplaced = container && this.#world.faults.strikes('container-replaced', container.name);
    return isReplaced ? undefined : container;
  }

  #release(container: Container): void {
    this.#idle.push(container);
  }

  async #start(): Promise<Container> {
    this.#containers += 1;
    containersSoFar += 1;
    const url = `${this.#handlerUrl.href}?container=${containersSoFar}`;
    const module = (await whileLoading(() => import(url))) as Pick<Container, 'handler'>;
    const name = `${this.name.replace(/^(cdr-|pbx-)|-recording$/, '')}/${this.#containers}`;
    const connections = new Set<never>();
    return {
      name,
      functionName: this.name,
      handler: module.handler,
      invocation: undefined,
      connections,
      troubledAt: -Infinity,
    };
  }
}
