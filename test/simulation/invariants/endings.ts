import type { Invocation } from '../aws/invocation.ts';
import type { World } from '../world.ts';
import { type ExpectedRecording, isUnknowable } from './expected-recording.ts';

/** Checks how jobs end without a recording: what counts as lost, and what is settled without an alarm. */
export class EndingChecks {
  readonly #world: World;
  /** The ids of the calls whose recordings were counted as lost. */
  readonly #losses = new Map<ExpectedRecording, unknown[]>();
  /** The markers, and who wrote them first. */
  readonly #markers = new Map<string, Invocation>();

  constructor(world: World) {
    this.#world = world;
  }

  onMarker(key: string, invocation: Invocation): void {
    if (!this.#markers.has(key)) this.#markers.set(key, invocation);
  }

  /** Called for each recording-lost log line, which an alarm counts. */
  onLoss(pbx: unknown, recording: unknown, callId: unknown): void {
    const { violations, checks } = this.#world;
    const lost = checks.recordings.find(pbx, recording);
    if (lost === undefined) {
      violations.add('every lost recording is counted once', 'there is no such call');
      return;
    }
    this.#losses.set(lost, [...(this.#losses.get(lost) ?? []), callId]);
    if (!lost.isDeleted) violations.add('there is no alarm for what is no loss', `${lost.key} is not lost`);
  }

  atEnd(): void {
    for (const recording of this.#world.checks.recordings.all) {
      if (isUnknowable(recording)) continue;
      this.#checkLoss(recording);
      if (recording.ending === 'not-recorded') this.#checkUnrecorded(recording);
    }
  }

  #checkLoss(recording: ExpectedRecording): void {
    const { checks, violations } = this.#world;
    const { key, calls, isDeleted, mayBeGivenUp } = recording;
    const losses = this.#losses.get(recording) ?? [];
    const marker = this.#markers.get(markerKey(key));
    // It was marked, but the function ended, or did not hear that it was the first.
    const isExcused = (marker?.troubles.length ?? 0) > 0 || mayBeGivenUp;
    const isUncounted = losses.length === 0 && isDeleted && !checks.recordings.isArchived(recording);
    // Once for each call of the name.
    const isRepeated = new Set(losses).size < losses.length || losses.length > calls.length;
    if (isRepeated || (isUncounted && !isExcused))
      violations.add('every lost recording is counted once', `${key} was counted ${losses.length} times`);
  }

  #checkUnrecorded({ key }: ExpectedRecording): void {
    if (this.#markers.has(markerKey(key))) return;
    this.#world.violations.add('every call without a recording is settled', `${key} has no marker`);
  }
}

const markerKey = (key: string) => key.replace(/^recordings\//, 'reconciliation/ended/');
