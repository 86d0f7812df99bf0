import type { Message, Queue } from '../aws/sqs.ts';
import type { World } from '../world.ts';
import type { ExpectedRecording } from './recordings.ts';

const REASON = ['code', 'message', 'attempts', 'firstAt', 'lastAt'];

/** What is given up says why, and had a cause. */
export class DeadLetterChecks {
  readonly #world: World;
  readonly #queue: Queue;
  readonly #recordings = new Set<ExpectedRecording>();

  constructor(world: World, queue: Queue) {
    this.#world = world;
    this.#queue = queue;
    queue.onChange = () => this.#look();
  }

  has(recording: ExpectedRecording): boolean {
    return this.#recordings.has(recording);
  }

  /** A PBX that continues no download makes a slow one hopeless. */
  #isTooSlow({ office }: ExpectedRecording, code: string): boolean {
    return code === 'too-slow' && office.ranges !== 'honoured';
  }

  onExpired(queueName: string, { id }: Message): void {
    this.#world.violations.add('no message vanishes', `${id} was in ${queueName} for too long`);
  }

  #look(): void {
    const deadLetter = [...this.#queue.messages].at(-1);
    if (deadLetter === undefined) return;
    const { violations, checks, trace } = this.#world;
    const code = deadLetter.attributes.code?.StringValue ?? '';
    trace.add('dead letters', `${deadLetter.id}: ${code}`);
    const job = parse(deadLetter.body);
    // A request for a session comes again by the clock; its queue knows no reasons.
    if ('bootedAt' in job) return;
    const missing = REASON.filter((name) => !deadLetter.attributes[name]?.StringValue);
    if (missing.length > 0)
      violations.add('a dead letter has its reason', `${deadLetter.id} lacks ${missing}`);
    if (code === 'report-malformed') return;
    const recording = checks.recordings.find(job.pbx, job.recording);
    if (recording === undefined) {
      violations.add('a dead letter has its reason', `${deadLetter.id} names no call`);
      return;
    }
    this.#recordings.add(recording);
    if (recording.mayBeGivenUp || recording.isDeleted || this.#isTooSlow(recording, code)) return;
    violations.add('nothing is given up without a cause', `${recording.name}: ${code}`);
  }
}

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
