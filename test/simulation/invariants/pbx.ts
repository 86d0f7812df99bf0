import { CDR_FILE } from '../../../infra/simulated-pbx/misbehaviours.ts';
import type { PbxEvent } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { currentInvocation } from '../engine/current-invocation.ts';
import type { Office } from '../pbx/office.ts';
import type { World } from '../world.ts';

/** The configured concurrency of the queue. */
const MAX_DOWNLOADS = 2;

const RANDOM_LIFETIME_MS = 30_000;

/** Checks what a PBX sees of the functions. */
export class PbxChecks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  onEvent(office: Office, event: PbxEvent): void {
    const { violations, faults, trace, now, checks } = this.#world;
    const invocation = currentInvocation.getStore();
    switch (event.type) {
      case 'misbehaved':
        invocation?.suffer(event.kind);
        if (event.recording !== CDR_FILE && event.kind !== 'deleted')
          faults.note(`pbx-${event.kind}`, office.id);
        trace.add(office.id, `${event.kind}: ${event.recording}`);
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
        if (office.pbx.stats.concurrentDownloads > MAX_DOWNLOADS) {
          violations.add('no PBX has more than two downloads at a time', `${office.id}: ${event.recording}`);
        }
        trace.add(office.id, `sends ${event.bytes} bytes of ${event.recording}`);
        return;
      case 'login-refused':
        trace.add(office.id, `refuses login: ${event.errno}`);
        if (invocation) checks.logins.onRefusal(office, event.errno, invocation);
        return;
      default:
        trace.add(office.id, event.type);
    }
  }
}
