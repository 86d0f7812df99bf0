import { delay, elapsedMs } from '../engine/virtual-time.ts';
import type { World } from '../world.ts';
import type { LambdaFunction } from './lambda-function.ts';
import type { Message, Queue } from './sqs.ts';

/** Delivers a queue to a function like an event source mapping: one message at a time, with partial responses. */
export class EventSource {
  readonly #world: World;
  readonly #queue: Queue;
  readonly #target: LambdaFunction;
  readonly #concurrency: number;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(world: World, queue: Queue, target: LambdaFunction, concurrency: number) {
    this.#world = world;
    this.#queue = queue;
    this.#target = target;
    this.#concurrency = concurrency;
    queue.onChange = () => this.#poll();
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#queue.messages.size === 0;
  }

  #poll(): void {
    clearTimeout(this.#timer);
    while (this.#running < this.#concurrency) {
      const message = this.#queue.receive();
      if (message === undefined) break;
      this.#running += 1;
      void this.#deliver(message).finally(() => {
        this.#running -= 1;
        this.#poll();
      });
    }
    const next = this.#running < this.#concurrency ? this.#queue.nextVisibleAt() : Number.POSITIVE_INFINITY;
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.#poll(), Math.max(1, next - elapsedMs()));
  }

  async #deliver(message: Message): Promise<void> {
    const { faults } = this.#world;
    const outcome = await this.#target.invoke(toEvent(message, this.#queue.name));
    const { batchItemFailures = [] } = ((outcome.how === 'returned' && outcome.value) || {}) as {
      batchItemFailures?: object[];
    };
    const isDone = outcome.how === 'returned' && batchItemFailures.length === 0;
    this.#world.checks.functions.afterMessage(this.#queue.name, isDone, outcome);
    if (isDone && !faults.strikes('sqs-deletion-lost', this.#queue.name)) this.#queue.delete(message.receipt);
    // By then the other side has seen the connections that the function closed.
    await delay(20);
  }
}

const toEvent = ({ id, receipt, body, receiveCount, sentAt }: Message, queueName: string) => ({
  Records: [
    {
      messageId: id,
      receiptHandle: receipt,
      body,
      attributes: { ApproximateReceiveCount: String(receiveCount), SentTimestamp: String(sentAt) },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueName}`,
      awsRegion: 'us-east-1',
    },
  ],
});
