import type { Message, Queue } from '../aws/sqs.ts';
import type { World } from '../world.ts';
import type { ExpectedRecording } from './recordings.ts';

const REASON = ['code', 'message', 'attempts', 'firstAt', 'lastAt'];

/** Every dead letter has its reason, and a cause that justifies it. */
export class DeadLetterChecks {
  readonly #world: World;
  readonly #queue: Queue;
  readonly #recordings = new Set<ExpectedRecording>();

  constructor(world: World, queue: Queue) {
    this.#world = world;
    this.#queue = queue;
    queue.onChange = () => this.#checkNewest();
  }

  has(recording: ExpectedRecording): boolean {
    return this.#recordings.has(recording);
  }

  /** A slow download is a permanent failure if the PBX cannot resume it. */
  #isTooSlow({ office }: ExpectedRecording, code: string): boolean {
    return code === 'too-slow' && office.ranges !== 'honoured';
  }

  onExpired(queueName: string, { id }: Message): void {
    this.#world.violations.add('no message expires', `${id} was in ${queueName} for too long`);
  }

  #checkNewest(): void {
    const deadLetter = [...this.#queue.messages].at(-1);
    if (deadLetter === undefined) return;
    const { violations, checks, trace } = this.#world;
    const code = deadLetter.attributes.code?.StringValue ?? '';
    trace.add('dead letters', `${deadLetter.id}: ${code}`);
    const job = parse(deadLetter.body);
    // Session requests are repeated by the schedule, and SQS moves them without a reason.
    if ('bootedAt' in job) return;
    const missing = REASON.filter((name) => !deadLetter.attributes[name]?.StringValue);
    if (missing.length > 0)
      violations.add('every dead letter has its reason', `${deadLetter.id} lacks ${missing}`);
    if (code === 'report-malformed') return;
    const recording = checks.recordings.find(job.pbx, job.recording);
    if (recording === undefined) {
      violations.add('every dead letter has its reason', `${deadLetter.id} refers to no call`);
      return;
    }
    this.#recordings.add(recording);
    if (recording.mayBeGivenUp || recording.isDeleted || this.#isTooSlow(recording, code)) return;
    violations.add('no job is dead-lettered without a cause', `${recording.name}: ${code}`);
  }
}

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
