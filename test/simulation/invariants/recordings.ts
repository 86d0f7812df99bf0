import type { S3Object, Upload } from '../aws/s3.ts';
import type { Office } from '../pbx/office.ts';
import type { World } from '../world.ts';

/** What the archive should contain for a call, computed here and not by the code of the product. */
export interface ExpectedRecording {
  office: Office;
  name: string;
  callId: string;
  key: string;
  bytes: Buffer;
  contentType: string;
  report: Record<string, unknown>;
  verifiedBy: string;
  /** The PBX has deleted it. */
  isDeleted: boolean;
  /** The PBX will respond with a permanent error. */
  mayBeGivenUp: boolean;
}

/** The call details that reports and CDR files both have, with the names of their metadata. */
const CALL_DETAILS: Readonly<Record<string, string>> = {
  callid: 'call-id',
  callfrom: 'from',
  callto: 'to',
  type: 'type',
  status: 'status',
  timestart: 'start',
  talkduraction: 'talk-seconds',
  sn: 'serial-number',
};

/** Checks every object when it is created, and at the end that every call has one. */
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
    return [...this.#expected.values()].find(
      (recording) => recording.office.id === pbx && recording.name === name,
    );
  }

  onObject(key: string, object: S3Object, replaced: S3Object | undefined): void {
    const { violations } = this.#world;
    if (key.startsWith('reconciliation/')) return;
    const expected = this.#expected.get(key);
    if (expected === undefined) {
      violations.add('no object is incomplete, wrong or forged', `no call for ${key}`);
      return;
    }
    if (replaced !== undefined) violations.add('no object is overwritten', key);
    if (!object.bytes.equals(expected.bytes)) {
      const sizes = `${object.bytes.length} bytes of ${expected.bytes.length}`;
      violations.add('no object is incomplete, wrong or forged', `${key}: ${sizes}, or other bytes`);
    }
    for (const problem of metadataProblems(object, expected)) {
      violations.add('every object has the right metadata', `${key}: ${problem}`);
    }
  }

  /** The lifecycle rule is a safety net: only uploads interrupted by a fault may be left for it. */
  onAbandonedUpload({ id, key, invocations }: Upload): void {
    const troubles = [...invocations].flatMap((invocation) => invocation.troubles);
    if (troubles.some((trouble) => /^(killed|timed-out|short|s3)/.test(trouble))) return;
    const isWanted = [...this.#world.aws.sqs.queues.values()].some(({ messages }) =>
      [...messages].some(({ body }) => body.includes(id)),
    );
    if (!isWanted) this.#world.violations.add('no multipart upload stays open', `${id} of ${key}`);
  }

  /** Called for each recording-lost log line, which an alarm counts. */
  onLoss(pbx: unknown, callId: unknown): void {
    const lost = [...this.#expected.values()].find(
      (recording) => recording.office.id === pbx && recording.callId === callId,
    );
    if (lost === undefined) {
      this.#world.violations.add('every lost recording is counted once', `there is no call ${callId}`);
      return;
    }
    this.#losses.set(lost.key, (this.#losses.get(lost.key) ?? 0) + 1);
    if (!lost.isDeleted)
      this.#world.violations.add('every lost recording is counted once', `${lost.key} is not lost`);
  }

  atEnd(): void {
    const { aws, checks, violations } = this.#world;
    for (const recording of this.#expected.values()) {
      if (aws.s3.objects.has(recording.key) || checks.deadLetters.has(recording)) continue;
      violations.add(
        'every recording is archived or dead-lettered',
        `${recording.key} is neither an object nor a dead letter`,
      );
    }
    for (const recording of this.#expected.values()) this.#checkLoss(recording);
    for (const upload of aws.s3.uploads.values())
      violations.add('no multipart upload stays open', upload.key);
  }

  #checkLoss({ key, isDeleted }: ExpectedRecording): void {
    const count = this.#losses.get(key) ?? 0;
    const isLost = isDeleted && !this.#world.aws.s3.objects.has(key);
    if (count === (isLost ? 1 : 0)) return;
    this.#world.violations.add('every lost recording is counted once', `${key} was counted ${count} times`);
  }
}

function metadataProblems(object: S3Object, expected: ExpectedRecording): string[] {
  const details = Object.entries(CALL_DETAILS).map(([field, name]) => {
    const detail = String(expected.report[field] ?? '');
    return [name, detail === '' ? undefined : detail] as const;
  });
  const wanted = [...details, ['verified-by', expected.verifiedBy] as const];
  const problems = wanted.filter(([name, value]) => {
    const found = object.metadata[name];
    // The last field of a call log that may have been cut is not used.
    if (found === undefined && name === 'serial-number') return !expected.office.isCallLogCut;
    return (found === undefined ? undefined : decodeURIComponent(found)) !== value;
  });
  const names = problems.map(([name]) => name);
  if (object.contentType !== expected.contentType) names.push(`content type ${object.contentType}`);
  return names;
}
