import type { Invocation } from '../aws/invocation.ts';
import type { S3Object, Upload } from '../aws/s3.ts';
import type { World } from '../world.ts';
import {
  type Account,
  type ExpectedRecording,
  isUnknowable,
  keyBeside,
  type RecordedCall,
  rightVerifiedBy,
  type Version,
} from './expected-recording.ts';

/** An object of the bucket, as what it is recognized. */
interface Recognized {
  recording: ExpectedRecording;
  version: Version;
}

/** Checks every object when it is created, and at the end that every call has one. */
export class RecordingChecks {
  readonly #world: World;
  readonly #expected = new Map<string, ExpectedRecording>();

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

  get all(): ExpectedRecording[] {
    return [...this.#expected.values()];
  }

  /** Whether the archive has anything under the name, or beside it. */
  isArchived({ key, versions }: ExpectedRecording): boolean {
    const { objects } = this.#world.aws.s3;
    return objects.has(key) || versions.some(({ bytes }) => objects.has(keyBeside(key, bytes)));
  }

  onObject(key: string, object: S3Object, replaced: S3Object | undefined, invocation: Invocation): void {
    const { violations, checks } = this.#world;
    if (key.startsWith('reconciliation/')) checks.endings.onMarker(key, invocation);
    if (!key.startsWith('recordings/')) return;
    const recognized = this.#recognize(key, object.bytes);
    if (typeof recognized === 'string') {
      violations.add('no object is incomplete, wrong or forged', recognized);
      return;
    }
    const { recording, version } = recognized;
    // A copy is repeated if S3's response is lost.
    const isCopiedAgain = key !== recording.key && replaced?.bytes.equals(object.bytes);
    if (replaced !== undefined && !isCopiedAgain) this.#checkReplacement(recording, object, replaced);
    const problems = recording.calls.flatMap((call) =>
      call.accounts.map((account) => metadataProblems(object, recording, version, call, account)),
    );
    // Either call may have brought the recording in.
    const [fewest = []] = problems.sort((one, other) => one.length - other.length);
    const hasSecret = Object.values(object.metadata).some((value) => checks.logs.hasSecret(value));
    for (const problem of [...fewest, ...(hasSecret ? ['a secret'] : [])]) {
      violations.add('every object has the right metadata', `${key}: ${problem}`);
    }
  }

  /** Returns a problem if this is nothing that the PBX ever had under the name. */
  #recognize(key: string, bytes: Buffer): Recognized | string {
    const recording = this.#expected.get(key.replace(/~[0-9a-f]{8}(?=(\.[^./]+)?$)/, ''));
    if (recording === undefined) return `no call for ${key}`;
    const version = recording.versions.find((candidate) => candidate.bytes.equals(bytes));
    if (version === undefined)
      return `${key}: ${bytes.length} bytes of ${recording.versions.at(-1)?.bytes.length}, or other bytes`;
    const isBeside = key !== recording.key;
    if (isBeside && key !== keyBeside(recording.key, bytes)) return `${key} has another checksum in its name`;
    return { recording, version };
  }

  /** A longer version takes the place of a shorter one, and nothing gets lost by it. */
  #checkReplacement(recording: ExpectedRecording, object: S3Object, replaced: S3Object): void {
    const { violations, aws } = this.#world;
    const { key, versions } = recording;
    const isLonger = object.bytes.length > replaced.bytes.length;
    const isSameCall = object.metadata['call-id'] === replaced.metadata['call-id'];
    const isKept = aws.s3.objects.has(keyBeside(key, replaced.bytes));
    if (isLonger && (isSameCall || isKept)) return;
    const sizes = `${replaced.bytes.length} bytes by ${object.bytes.length}`;
    violations.add('no object is overwritten', `${key}, one of ${versions.length} versions: ${sizes}`);
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

  atEnd(): void {
    const { aws, checks, violations } = this.#world;
    for (const recording of this.all) {
      if (this.isArchived(recording)) this.#checkVersions(recording);
      else if (
        recording.ending !== 'not-recorded' &&
        !isUnknowable(recording) &&
        !checks.deadLetters.has(recording)
      ) {
        violations.add(
          'every recording is archived or dead-lettered',
          `${recording.key} is neither an object nor a dead letter`,
        );
      }
    }
    for (const upload of aws.s3.uploads.values())
      violations.add('no multipart upload stays open', upload.key);
  }

  #checkVersions(recording: ExpectedRecording): void {
    const { aws, violations, checks } = this.#world;
    const { key, versions, due } = recording;
    const isStored = ({ bytes }: Version) =>
      aws.s3.objects.get(key)?.bytes.equals(bytes) || aws.s3.objects.has(keyBeside(key, bytes));
    const isSound = ({ header }: Version) => header === 'right' || header === 'none';
    const sound = versions.filter((version) => isStored(version) && isSound(version));
    const longest = Math.max(...sound.map(({ bytes }) => bytes.length));
    const found = aws.s3.objects.get(key)?.bytes.length ?? 0;
    if (found < longest)
      violations.add('the longest sound version is under the name', `${key}: ${found} of ${longest} bytes`);
    if (due === undefined || isStored(due) || checks.deadLetters.has(recording)) return;
    violations.add(
      'every recording is archived or dead-lettered',
      `${key} has an earlier version of ${found} bytes, but not that of ${due.bytes.length}`,
    );
  }
}

function metadataProblems(
  object: S3Object,
  recording: ExpectedRecording,
  version: Version,
  call: RecordedCall,
  account: Account,
): string[] {
  const decoded = (name: string) => {
    const value = object.metadata[name];
    return value === undefined ? undefined : decodeURIComponent(value);
  };
  const problems = Object.entries(account.details).filter(([name, detail]) => {
    const found = decoded(name);
    // The last field of a call log that may have been cut is not used.
    if (found === undefined && name === 'serial-number' && detail !== '')
      return !recording.office.isCallLogCut;
    if (found === undefined && call.isReportSpoilt) return false;
    return found !== (detail === '' ? undefined : detail);
  });
  const names = problems.map(([name]) => String(name));
  const { 'verified-by': verifiedBy = '' } = object.metadata;
  if (!rightVerifiedBy(recording, version, account).includes(verifiedBy))
    names.push(`verified-by ${verifiedBy}`);
  if (object.contentType !== recording.contentType) names.push(`content type ${object.contentType}`);
  if (decoded('delivered-as') !== recording.deliveredAs) names.push('delivered-as');

  return names;
}
