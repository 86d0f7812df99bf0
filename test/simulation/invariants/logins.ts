import type { Invocation } from '../aws/invocation.ts';
import { elapsedMs } from '../engine/virtual-time.ts';
import type { Office } from '../pbx/office.ts';
import type { World } from '../world.ts';

const LOCKOUT_MS = 600_000;
const FIRST_PAUSE_MS = 60_000;
/** Our clock may have been changed in between, by up to two minutes each way. */
const CLOCK_TOLERANCE_MS = 250_000;

interface Refusal {
  count: number;
  at: number;
  invocation: Invocation;
  /** The hold was saved, so that all functions know of the refusal. */
  isHeld: boolean;
}

/**
 * A refused login is not repeated with the same credentials. The exception: if a fault kept the hold from being
 * saved, it may be repeated after a minute, then two, up to ten.
 */
export class LoginChecks {
  readonly #world: World;
  /** The credentials that each invocation has read. */
  readonly #credentials = new WeakMap<Invocation, string>();
  readonly #refusals = new Map<string, Refusal>();

  constructor(world: World) {
    this.#world = world;
  }

  onSecretRead(invocation: Invocation, name: string, value: string): void {
    const { offices } = this.#world;
    if (!offices.some(({ names }) => names.credentialsSecret === name)) return;
    const { username, password, clientId, clientSecret } = JSON.parse(value);
    this.#credentials.set(invocation, JSON.stringify([username ?? clientId, password ?? clientSecret]));
  }

  /** Secrets Manager keeps a hundred versions and deletes none within a day, so none may be wasted. */
  onSecretWritten(name: string, value: string, isTaken: boolean): void {
    const invariant = 'every version of a session secret has a token';
    const { violations } = this.#world;
    const { token } = JSON.parse(value);
    if (token === undefined) violations.add(invariant, `${name} has none`);
    else if (isTaken) this.#world.checks.pSeries.onTokenSaved(token);
    if (!isTaken) violations.add(invariant, `${name} has no room for another`);
  }

  onLoginState(pbx: string, invocation: Invocation, state: string): void {
    if (!('hold' in JSON.parse(state))) return;
    for (const [key, refusal] of this.#refusals)
      if (key.startsWith(`${pbx} `) && refusal.invocation === invocation) refusal.isHeld = true;
  }

  /** Earlier refusals no longer count: the PBX may now accept the same credentials, and a person asks for a retry. */
  onPasswordChanged({ id }: Office): void {
    for (const key of this.#refusals.keys()) if (key.startsWith(`${id} `)) this.#refusals.delete(key);
  }

  /** Whether a fault kept the latest refusal from being known to all functions, so that a login could be repeated. */
  isRefusalUnknown({ id }: Office): boolean {
    return [...this.#refusals].some(
      ([key, { isHeld, invocation }]) =>
        key.startsWith(`${id} `) && !isHeld && invocation.troubles.length > 0,
    );
  }

  /** @param isLockout the PBX refuses any credentials from our address */
  onRefusal({ id }: Office, errno: string, isLockout: boolean, invocation: Invocation): void {
    const key = `${id} ${isLockout ? errno : this.#credentials.get(invocation)}`;
    const before = this.#refusals.get(key);
    const isOver = before && isLockout && elapsedMs() - before.at >= LOCKOUT_MS - CLOCK_TOLERANCE_MS;
    if (before && !isOver) {
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (before.count - 1), LOCKOUT_MS) - CLOCK_TOLERANCE_MS;
      const isExcused = !before.isHeld && before.invocation.troubles.length > 0;
      if (!isExcused || elapsedMs() - before.at < pauseMs) {
        const detail = `${id} refuses (${errno}) ${invocation.name} what it refused ${before.invocation.name}`;
        this.#world.violations.add('no refused login is repeated', detail);
      }
    }
    const count = before && !isOver ? before.count + 1 : 1;
    this.#refusals.set(key, { count, at: elapsedMs(), invocation, isHeld: false });
  }
}
