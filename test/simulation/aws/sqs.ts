import { createHash } from 'node:crypto';
import { MESSAGE_RETENTION_DAYS } from '../../../functions/shared/config/limits.ts';
import { elapsedMs } from '../engine/virtual-time.ts';
import type { World } from '../world.ts';
import { jsonFailure, readJson } from './json-protocol.ts';
import type { AwsRequest, AwsResponse, AwsService } from './transport.ts';

const RETENTION_MS = MESSAGE_RETENTION_DAYS * 86_400_000;

export interface Message {
  id: string;
  body: string;
  attributes: Record<string, { StringValue?: string }>;
  /** Epoch ms. */
  sentAt: number;
  arrivedAt: number;
  visibleAt: number;
  receiveCount: number;
  receipt: string;
  /** There is or was another copy of it. */
  isTwin: boolean;
}

export interface QueueOptions {
  delayMs?: number;
  visibilityMs: number;
  maxReceives?: number;
  deadLetters?: Queue;
}

/** A queue, with the faults of delivery. Times are elapsed ms. */
export class Queue {
  readonly name: string;
  readonly messages = new Set<Message>();
  readonly #world: World;
  readonly #options: QueueOptions;
  #received = 0;
  /** Called when a message was sent or its visibility was changed. */
  onChange: () => void = () => {};

  constructor(world: World, name: string, options: QueueOptions) {
    this.#world = world;
    this.name = name;
    this.#options = options;
  }

  /** `delayMs` defaults to the delay of the queue. */
  send(message: Pick<Message, 'id' | 'body' | 'attributes'>, delayMs = this.#options.delayMs ?? 0): void {
    const { faults, latency, now } = this.#world;
    const lateMs = faults.strikes('sqs-delivered-late', this.name) ? latency.integer(1000, 600_000) : 0;
    const arrivedAt = elapsedMs();
    const visibleAt = arrivedAt + delayMs + lateMs;
    this.messages.add({
      ...message,
      sentAt: now(),
      arrivedAt,
      visibleAt,
      receiveCount: 0,
      receipt: '',
      isTwin: false,
    });
    this.onChange();
  }

  /** Sends all messages to another queue, as a person does with dead letters. */
  redriveTo(queue: Queue): void {
    for (const message of this.messages) queue.send(message);
    this.messages.clear();
  }

  /** The next message to deliver, if any. */
  receive(): Message | undefined {
    const { faults, latency, trace } = this.#world;
    for (;;) {
      const visible = [...this.messages].filter(({ visibleAt }) => visibleAt <= elapsedMs());
      const [first] = visible;
      if (first === undefined) return undefined;
      const isShuffled = visible.length > 1 && faults.strikes('sqs-out-of-order', this.name);
      const message = isShuffled ? latency.pick(visible) : first;
      if (this.#removesUndeliverable(message)) continue;
      if (!message.isTwin && faults.strikes('sqs-delivered-twice', this.name)) {
        message.isTwin = true;
        this.messages.add({ ...message, visibleAt: elapsedMs() + latency.integer(0, 60_000) });
      }
      this.#received += 1;
      message.receiveCount += 1;
      message.receipt = `${this.name}:${this.#received}`;
      message.visibleAt = elapsedMs() + this.#options.visibilityMs;
      trace.add(this.name, `delivers ${message.id}, attempt ${message.receiveCount}`);
      return { ...message };
    }
  }

  /** Removes a message that is too old or was received too often. Returns whether it did. */
  #removesUndeliverable(message: Message): boolean {
    const { maxReceives = Number.POSITIVE_INFINITY, deadLetters } = this.#options;
    const isExpired = elapsedMs() - message.arrivedAt > RETENTION_MS;
    if (!isExpired && message.receiveCount < maxReceives) return false;
    this.messages.delete(message);
    if (isExpired) this.#world.checks.deadLetters.onExpired(this.name, message);
    else deadLetters?.send(message);
    return true;
  }

  nextVisibleAt(): number {
    return Math.min(...[...this.messages].map(({ visibleAt }) => visibleAt));
  }

  delete(receipt: string): void {
    const message = this.#find(receipt);
    if (message) this.messages.delete(message);
  }

  /** Returns whether the receipt is still valid. */
  changeVisibility(receipt: string, seconds: number): boolean {
    const message = this.#find(receipt);
    if (message === undefined) return false;
    message.visibleAt = elapsedMs() + seconds * 1000;
    this.onChange();
    return true;
  }

  #find(receipt: string): Message | undefined {
    return [...this.messages].find((message) => message.receipt === receipt);
  }
}

/** The SQS API, with all queues. */
export class Sqs implements AwsService {
  readonly name = 'sqs';
  readonly queues = new Map<string, Queue>();
  #sent = 0;

  add(queue: Queue): Queue {
    this.queues.set(queue.name, queue);
    return queue;
  }

  describe(request: AwsRequest): string {
    const { operation, input } = readJson(request);
    const delay = input.VisibilityTimeout === undefined ? '' : ` ${input.VisibilityTimeout} s`;
    return `${operation} ${queueName(input)}${delay}`;
  }

  faults(): ReturnType<AwsService['faults']> {
    return [
      ['sqs-500', 'error'],
      ['sqs-slow', 'slow'],
      ['sqs-response-lost', 'response-lost'],
    ];
  }

  permissions(request: AwsRequest): ReturnType<AwsService['permissions']> {
    const { operation, input } = readJson(request);
    return [{ action: `sqs:${operation}`, resource: queueName(input) }];
  }

  responseFor(fault: string): AwsResponse {
    if (fault === 'denied') return jsonFailure(403, 'AccessDeniedException');
    return jsonFailure(500, 'com.amazonaws.sqs#InternalError');
  }

  handle(request: AwsRequest): AwsResponse {
    const { operation, input } = readJson(request);
    const queue = this.queues.get(queueName(input));
    if (queue === undefined) return jsonFailure(400, 'com.amazonaws.sqs#QueueDoesNotExist');
    if (operation === 'ChangeMessageVisibility') {
      const isDone = queue.changeVisibility(String(input.ReceiptHandle), Number(input.VisibilityTimeout));
      return isDone ? { status: 200, body: '{}' } : jsonFailure(400, 'com.amazonaws.sqs#MessageNotInflight');
    }
    if (operation !== 'SendMessage') throw new Error(`The simulated SQS does not know ${operation}.`);
    this.#sent += 1;
    const id = `message-${this.#sent}`;
    const body = String(input.MessageBody);
    const attributes = (input.MessageAttributes ?? {}) as Message['attributes'];
    const delayMs = input.DelaySeconds === undefined ? undefined : Number(input.DelaySeconds) * 1000;
    queue.send({ id, body, attributes }, delayMs);
    const md5 = createHash('md5').update(body).digest('hex');
    return { status: 200, body: JSON.stringify({ MessageId: id, MD5OfMessageBody: md5 }) };
  }
}

const queueName = ({ QueueUrl }: Record<string, unknown>) => String(QueueUrl).split('/').at(-1) ?? '';
