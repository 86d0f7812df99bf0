import type { Message, Queue } from '../aws/sqs.ts';
import type { FaultKind } from '../faults.ts';
import type { World } from '../world.ts';
import type { ExpectedRecording } from './expected-recording.ts';

const REASON = ['code', 'message', 'attempts', 'firstAt', 'lastAt'];

/** Faults by which one job is done twice. */
const DUPLICATING: readonly FaultKind[] = [
  'sqs-delivered-twice',
  'sqs-deletion-lost',
  'sqs-response-lost',
  'sqs-slow',
  's3-slow',
  'killed-before-effect',
  'killed-after-effect',
  'killed-in-body',
  'killed-waiting',
  'short-deadline',
];

/** A PBX may be off for three days, and then be without its storage for two. */
const SETTLED_WITHIN_MS = 9 * 86_400_000;

/** Every dead letter has its reason, and a cause that justifies it. There is at most one for each recording of a call. */
export class DeadLetterChecks {
  readonly #world: World;
  readonly #queue: Queue;
  /** The jobs that were dead-lettered, by recording, by call, and by when they were reported. */
  readonly #jobs = new Map<ExpectedRecording, Map<unknown, Set<unknown>>>();

  constructor(world: World, queue: Queue) {
    this.#world = world;
    this.#queue = queue;
    queue.onChange = () => this.#checkNewest();
  }

  has(recording: ExpectedRecording): boolean {
    return this.#jobs.has(recording);
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
    const recording = checks.recordings.find(job.pbx, job.recording);
    if (recording === undefined) {
      violations.add('every dead letter has its reason', `${deadLetter.id} refers to no call`);
      return;
    }
    this.#count(recording, job);
    this.#checkAge(deadLetter, code, recording);
    if (this.#isJustified(recording, code)) return;
    violations.add('no job is dead-lettered without a cause', `${recording.name}: ${code}`);
  }

  #count(recording: ExpectedRecording, { call, reportedAt }: Record<string, unknown>): void {
    const { violations, faults } = this.#world;
    const calls = this.#jobs.get(recording) ?? new Map<unknown, Set<unknown>>();
    this.#jobs.set(recording, calls);
    const { callId } = call as { callId?: unknown };
    const jobs = calls.get(callId) ?? new Set();
    const isRepeated = jobs.has(reportedAt) && !DUPLICATING.some((kind) => faults.counts.has(kind));
    calls.set(callId, jobs.add(reportedAt));
    if (jobs.size > 1 || isRepeated) violations.add('a recording has at most one dead letter', recording.key);
  }

  /** What the PBX does not have is settled within days. */
  #checkAge({ attributes }: Message, code: string, { name }: ExpectedRecording): void {
    if (!/^(?:recording-empty|pbx-200(?:12|14)|pbx-60001)$/.test(code)) return;
    const [first, last] = [attributes.firstAt, attributes.lastAt].map((at) =>
      Date.parse(at?.StringValue ?? ''),
    ) as [number, number];
    if (last - first > SETTLED_WITHIN_MS)
      this.#world.violations.add('every call without a recording is settled', `${name}: ${code}`);
  }

  #isJustified(recording: ExpectedRecording, code: string): boolean {
    const { mayBeGivenUp, isDeleted, isMovedAway } = recording;
    if (recording.ending === 'empty') return code === 'recording-empty';
    if (recording.ending === 'not-recorded') return false;
    if (isDeleted && /^pbx-(?:200(12|14)|60001)$/.test(code)) return true;
    if (isMovedAway && code === 'recording-moved-away') return true;
    return mayBeGivenUp || this.#isTooSlow(recording, code);
  }
}

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
