import type { PSeriesEvent } from '../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import type { Invocation } from '../aws/invocation.ts';
import { currentInvocation } from '../engine/current-invocation.ts';
import { elapsedMs } from '../engine/virtual-time.ts';
import type { Office } from '../pbx/office.ts';
import type { World } from '../world.ts';

const MAX_TOKENS = 8;
const TOKEN_LIFE_MS = 30 * 60_000;

/** A token that is younger needs no renewal. */
const GOOD_FOR_MS = 14 * 60_000;

interface Issue {
  at: number;
  by: Invocation;
}

/** Checks what a P-Series sees of the functions. */
export class PSeriesChecks {
  readonly #world: World;
  /** The functions that got a token, and those tokens that are saved. */
  readonly #holders = new Map<string, Invocation>();
  readonly #saved = new Set<string>();
  readonly #issues = new Map<Office, Issue[]>();
  /** When another client took tokens (elapsed ms). */
  readonly #takenAt = new Map<Office, number>();
  /** Those that the PBX has refused a token. */
  readonly #refused = new WeakSet<Invocation>();

  constructor(world: World) {
    this.#world = world;
  }

  onTokensTaken(office: Office): void {
    this.#takenAt.set(office, elapsedMs());
  }

  onTokenIssued(token: string, invocation: Invocation): void {
    this.#holders.set(token, invocation);
  }

  onTokenSaved(token: string): void {
    this.#saved.add(token);
  }

  /** Called for each request with a token. One that could not be saved may be used. */
  onTokenUsed(token: string, { name }: Invocation): void {
    const holder = this.#holders.get(token);
    if (holder === undefined || holder.troubles.length > 0 || this.#saved.has(token)) return;
    this.#world.violations.add('a new token is saved before it is used', name);
  }

  onEvent(office: Office, event: PSeriesEvent): void {
    const { violations, trace, checks } = this.#world;
    const invocation = currentInvocation.getStore();
    switch (event.type) {
      case 'misbehaved':
        if (invocation && REFUSALS.includes(event.kind)) this.#refused.add(invocation);
        checks.pbx.onMisbehaviour(office, event, invocation);
        return;
      case 'download-started':
        checks.pbx.onDownload(office, event, invocation);
        return;
      case 'download-finished':
        checks.pbx.onDownloadEnd(office);
        return;
      case 'token':
        trace.add(office.id, `token by ${event.how}, ${event.valid} valid`);
        if (invocation) this.#checkIssue(office, event.valid, invocation);
        return;
      case 'token-refused':
        trace.add(office.id, `refuses token by ${event.how}: ${event.errcode}`);
        if (invocation && event.errcode === -1)
          checks.logins.onRefusal(office, String(event.errcode), false, invocation);
        return;
      case 'blocked':
        trace.add(office.id, event.type);
        if (invocation && !checks.logins.isRefusalUnknown(office))
          violations.add('no address is blocked', `${office.id} blocks ${invocation.name}`);
        return;
      case 'call-refused':
        trace.add(office.id, `refuses ${event.path}: ${event.errcode}`);
        if (invocation) this.#onRefusedCall(office, event, invocation);
        return;
      default:
        trace.add(office.id, event.type);
    }
  }

  #onRefusedCall(
    office: Office,
    { path, errcode }: { path: string; errcode: number },
    invocation: Invocation,
  ): void {
    const { violations, checks } = this.#world;
    if (errcode === 10004) this.#refused.add(invocation);
    const isLogin = /(?:get|refresh)_token$/.test(path);
    if (isLogin && errcode === 70004) checks.logins.onRefusal(office, String(errcode), true, invocation);
    const isPlanned = path.endsWith('system/information');
    if ((errcode === 10001 || errcode === 40002) && !isPlanned)
      violations.add('every request is one that the PBX knows', `${invocation.name}: ${path}: ${errcode}`);
  }

  #checkIssue(office: Office, valid: number, invocation: Invocation): void {
    const { violations, faults, now } = this.#world;
    const issues = this.#issues.get(office) ?? [];
    const last = issues.at(-1);
    this.#issues.set(office, [...issues, { at: elapsedMs(), by: invocation }]);
    if (valid > MAX_TOKENS) violations.add('no PBX has more than eight tokens', `${office.id} has ${valid}`);

    // Then functions misjudge the age of a token, and for how long they wait for each other.
    if (faults.counts.has('our-clock-stepped')) return;
    const isUndisturbed = (of: Invocation) => of.troubles.length === 0;
    const isGood = last !== undefined && elapsedMs() - last.at < GOOD_FOR_MS && isUndisturbed(last.by);
    if (isGood && !this.#refused.has(invocation)) {
      const detail = `${invocation.name} renews that of ${last.by.name}`;
      violations.add('no token is renewed while it is good', detail);
    }
    const isRecent = (at: number) => elapsedMs() - at < TOKEN_LIFE_MS;
    const areOthersThere = isRecent(this.#takenAt.get(office) ?? Number.NEGATIVE_INFINITY);
    // The clock of the PBX decides when a token expires.
    const isClockOdd =
      now() - office.clock.changedAt < TOKEN_LIFE_MS || office.clock.offsetMs < -TOKEN_LIFE_MS;
    if (areOthersThere || isClockOdd) return;
    const lost = issues.filter(({ at, by }) => isRecent(at) && !isUndisturbed(by)).length;
    if (valid > 1 + lost)
      violations.add('no token is wasted', `${office.id} has ${valid}, of which ${lost} got lost by a fault`);
  }
}

/** Kinds of misbehaviour by which a PBX seems to refuse a token. */
const REFUSALS: readonly string[] = ['token-dropped', 'random-refused', 'json-instead-of-audio'];
