import type { S3Object, Upload } from '../aws/s3.ts';
import type { Office } from '../pbx/office.ts';
import type { World } from '../world.ts';

/** What the archive should hold of a call; worked out here, not by the product's code. */
export interface ExpectedRecording {
  office: Office;
  name: string;
  callId: string;
  key: string;
  bytes: Buffer;
  contentType: string;
  report: Record<string, unknown>;
  verifiedBy: string;
  /** The PBX does not have it any more. */
  isDeleted: boolean;
  /** The PBX will say something of it that no retry can change. */
  mayBeGivenUp: boolean;
}

/** The facts that reports and CDR files both have. */
const FACTS: Readonly<Record<string, string>> = {
  callid: 'call-id',
  callfrom: 'from',
  callto: 'to',
  type: 'type',
  status: 'status',
  timestart: 'start',
  talkduraction: 'talk-seconds',
  sn: 'serial-number',
};

/** Every object is looked at when it comes into being; at the end each call has to have its own. */
export class RecordingChecks {
  readonly #world: World;
  readonly #expected = new Map<string, ExpectedRecording>();
  readonly #losses = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  expect(recording: ExpectedRecording): void {
    this.#expected.set(recording.key, recording);
  }

  find(pbx: unknown, name: unknown): ExpectedRecording | undefined {
    return [...this.#expected.values()].find((it) => it.office.id === pbx && it.name === name);
  }

  onObject(key: string, object: S3Object, replaced: S3Object | undefined): void {
    const { violations } = this.#world;
    if (key.startsWith('reconciliation/')) return;
    const expected = this.#expected.get(key);
    if (expected === undefined) {
      violations.add('no object is partial or foreign', `nobody made ${key}`);
      return;
    }
    if (replaced !== undefined) violations.add('no object is overwritten', key);
    if (!object.bytes.equals(expected.bytes)) {
      const sizes = `${object.bytes.length} bytes of ${expected.bytes.length}`;
      violations.add('no object is partial or foreign', `${key}: ${sizes}, or others`);
    }
    for (const problem of misdescriptions(object, expected)) {
      violations.add('an object is described rightly', `${key}: ${problem}`);
    }
  }

  /** The lifecycle rule is a second net: only what was torn off may fall into it. */
  onAbandonedUpload({ id, key, invocations }: Upload): void {
    const troubles = [...invocations].flatMap((invocation) => invocation.troubles);
    if (troubles.some((trouble) => /^(killed|timed-out|short|s3)/.test(trouble))) return;
    const isWanted = [...this.#world.aws.sqs.queues.values()].some(({ messages }) =>
      [...messages].some(({ body }) => body.includes(id)),
    );
    if (!isWanted) this.#world.violations.add('no upload stays open', `${id} of ${key}`);
  }

  /** A recording was said to be lost, in the line that an alarm counts. */
  onLoss(pbx: unknown, callId: unknown): void {
    const lost = [...this.#expected.values()].find((it) => it.office.id === pbx && it.callId === callId);
    if (lost === undefined) {
      this.#world.violations.add('a lost recording is counted once', `${callId} is no call`);
      return;
    }
    this.#losses.set(lost.key, (this.#losses.get(lost.key) ?? 0) + 1);
    if (!lost.isDeleted)
      this.#world.violations.add('a lost recording is counted once', `${lost.key} is not lost`);
  }

  atEnd(): void {
    const { aws, checks, violations } = this.#world;
    for (const recording of this.#expected.values()) {
      if (aws.s3.objects.has(recording.key) || checks.deadLetters.has(recording)) continue;
      violations.add('each recording is stored', `${recording.key} is neither an object nor a dead letter`);
    }
    for (const recording of this.#expected.values()) this.#checkLoss(recording);
    for (const upload of aws.s3.uploads.values()) violations.add('no upload stays open', upload.key);
  }

  #checkLoss({ key, isDeleted }: ExpectedRecording): void {
    const count = this.#losses.get(key) ?? 0;
    const isLost = isDeleted && !this.#world.aws.s3.objects.has(key);
    if (count === (isLost ? 1 : 0)) return;
    this.#world.violations.add('a lost recording is counted once', `${key} was counted ${count} times`);
  }
}

function misdescriptions(object: S3Object, expected: ExpectedRecording): string[] {
  const facts = Object.entries(FACTS).map(([field, name]) => {
    const fact = String(expected.report[field] ?? '');
    return [name, fact === '' ? undefined : fact] as const;
  });
  const wanted = [...facts, ['verified-by', expected.verifiedBy] as const];
  const problems = wanted.filter(([name, value]) => {
    const found = object.metadata[name];
    // Where no length tells that a call log was cut, what was the last of it is not believed.
    if (found === undefined && name === 'serial-number') return !expected.office.isCallLogCut;
    return (found === undefined ? undefined : decodeURIComponent(found)) !== value;
  });
  const names = problems.map(([name]) => name);
  if (object.contentType !== expected.contentType) names.push(`content type ${object.contentType}`);
  return names;
}
