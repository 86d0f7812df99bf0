import { CDR_FILE, type Misbehaviour } from '../../../infra/simulated-pbx/misbehaviours.ts';
import type { PbxEvent } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import type { Invocation } from '../aws/invocation.ts';
import { currentInvocation } from '../engine/current-invocation.ts';
import type { Office } from '../pbx/office.ts';
import type { World } from '../world.ts';

/** The configured concurrency of the queue. */
const MAX_DOWNLOADS = 2;

const RANDOM_LIFETIME_MS = 30_000;

const HOUR_MS = 3_600_000;

/** A single request for the PBX's time may fail without a word. */
const RUNS_TO_NOTICE = 5;

/** Checks what a PBX sees of the functions. */
export class PbxChecks {
  readonly #world: World;
  /** In progress. */
  readonly #downloads = new Map<Office, number>();

  constructor(world: World) {
    this.#world = world;
  }

  onEvent(office: Office, event: PbxEvent): void {
    const { violations, trace, now, checks } = this.#world;
    const invocation = currentInvocation.getStore();
    switch (event.type) {
      case 'misbehaved':
        this.onMisbehaviour(office, event, invocation);
        return;
      case 'random-refused': {
        // A clock that is set forward expires every random string.
        const isExcused = now() - office.clock.changedAt < 2 * RANDOM_LIFETIME_MS;
        if (event.reason === 'reused' || (event.reason === 'expired' && !isExcused)) {
          violations.add('no random string is used twice or late', `${event.resource}: ${event.reason}`);
        }
        trace.add(office.id, `random ${event.reason}: ${event.resource}`);
        return;
      }
      case 'download-started':
        this.onDownload(office, event, invocation);
        return;
      case 'login-refused':
        trace.add(office.id, `refuses login: ${event.errno}`);
        if (invocation) checks.logins.onRefusal(office, event.errno, event.errno === '20002', invocation);
        return;
      case 'download-finished':
        this.onDownloadEnd(office);
        return;
      default:
        trace.add(office.id, event.type);
    }
  }

  onMisbehaviour(
    { id }: Office,
    { kind, recording }: { kind: Misbehaviour['kind']; recording: string },
    invocation: Invocation | undefined,
  ): void {
    const { faults, trace } = this.#world;
    invocation?.suffer(kind);
    if (recording !== CDR_FILE && kind !== 'deleted') faults.note(`pbx-${kind}`, id);
    trace.add(id, `${kind}: ${recording}`);
  }

  onDownload(
    office: Office,
    { recording, bytes }: { recording: string; bytes: number },
    invocation: Invocation | undefined,
  ): void {
    const { violations, trace } = this.#world;
    const downloads = (this.#downloads.get(office) ?? 0) + 1;
    this.#downloads.set(office, downloads);
    if (downloads > MAX_DOWNLOADS)
      violations.add('no PBX has more than two downloads at a time', `${office.id}: ${recording}`);
    trace.add(office.id, `sends ${bytes} bytes of ${recording}`);
    if (invocation) this.#checkIsNeeded(office, recording, invocation);
  }

  onDownloadEnd(office: Office): void {
    this.#downloads.set(office, (this.#downloads.get(office) ?? 0) - 1);
    this.#world.trace.add(office.id, 'download-finished');
  }

  /** @param before the session's runs before the clock was wrong */
  onClockCorrected({ id, sessionRuns }: Office, before: Office['sessionRuns']): void {
    const isUnnoticed = sessionRuns.clockWrong === before.clockWrong;
    if (isUnnoticed && sessionRuns.up - before.up >= RUNS_TO_NOTICE)
      this.#world.violations.add('a wrong clock is noticed', `${id} was in the year 2000`);
  }

  /**
   * Only the first attempt at a reported recording does without a look into the bucket. The others find what was fetched
   * since the report, unless a doubt about it remains.
   */
  #checkIsNeeded(office: Office, name: string, { event, startedAt }: Invocation): void {
    const { violations, checks, aws } = this.#world;
    const job = readJob(event);
    const recording = checks.recordings.find(office.id, name);
    if (job === undefined || recording === undefined || job.isFirst) return;
    const stored = aws.s3.objects.get(recording.key);
    if (stored === undefined || stored.writtenAt >= startedAt) return;
    const isThere = stored.bytes.equals(recording.versions.at(-1)?.bytes ?? Buffer.alloc(0));
    const { 'opened-at': openedAt = '', 'verified-by': verifiedBy = '' } = stored.metadata;
    // A job that knows the talk time looks again at what one that did not know it stored in the first hour.
    const isUntimed = job.isTimed && stored.metadata['talk-seconds'] === undefined;
    if (isUntimed && Date.parse(openedAt) < job.endedAt + HOUR_MS) return;
    if (isThere && !DOUBT.test(verifiedBy) && Date.parse(openedAt) >= job.reportedAt)
      violations.add('what is archived is not downloaded again', recording.key);
  }
}

const DOUBT = /header-(?:contradicts|states-more|unwritten)|shorter-than-talk-time|unknown-format/;

interface JobEvent {
  Records?: { body: string; attributes: { ApproximateReceiveCount: string } }[];
}

interface JobFacts {
  isFirst: boolean;
  /** It knows how long the parties talked. */
  isTimed: boolean;
  /** Epoch ms. */
  reportedAt: number;
  /** Epoch ms; the time of the report if the end is unknown. */
  endedAt: number;
}

function readJob(event: unknown): JobFacts | undefined {
  const [message] = (event as JobEvent | undefined)?.Records ?? [];
  if (message === undefined) return undefined;
  const { reportedAt, endedAt = reportedAt, call, foundBy, earlier, progress } = JSON.parse(message.body);
  const isFirst = message.attributes.ApproximateReceiveCount === '1' && !foundBy && !earlier && !progress;
  const isTimed = Number(call.talkSeconds) > 0;
  return { isFirst, isTimed, reportedAt: Date.parse(reportedAt), endedAt: Date.parse(endedAt) };
}
