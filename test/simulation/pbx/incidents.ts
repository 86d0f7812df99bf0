import type { SessionResponse } from '../../../functions/pbx-session/keep-session.ts';
import type { Random } from '../engine/random.ts';
import { delay } from '../engine/virtual-time.ts';
import type { FaultKind } from '../faults.ts';
import type { World } from '../world.ts';
import type { Office } from './office.ts';

export type Incident = (world: World, office: Office, random: Random) => Promise<void>;

const MINUTE_MS = 60_000;
const LOGINS_BEFORE_LOCK = 5;

/** Incidents of a whole PBX and mistakes of its administrators; each resolves when it is repaired. */
const INCIDENTS: Partial<Record<FaultKind, Incident>> = {
  'pbx-rebooted': async (_world, { pbx }) => void (await pbx.reboot()),

  'pbx-off': async (_world, office, random) => {
    office.line.state = 'off';
    office.line.drop();
    await delay(outageMs(random));
    office.line.state = 'up';
    await office.pbx.reboot();
  },

  'pbx-unreachable': async (_world, office, random) => {
    office.line.state = 'silent';
    office.line.drop();
    await delay(outageMs(random));
    office.line.state = 'up';
  },

  'session-lost': async (_world, office) => office.pbx.dropTokens(),

  'password-changed-in-pbx': async (world, office, random) => {
    const password = random.text(32);
    office.pbx.setPassword(password);
    world.checks.logins.onPasswordChanged(office);
    if (random.isTrue(0.7)) office.pbx.dropTokens();
    await delay(random.integer(1, 360) * MINUTE_MS);
    office.enterCredentials({ password });
  },

  'password-changed-in-secret': async (world, office, random) => {
    const password = random.text(32);
    office.enterCredentials({ password });
    if (random.isTrue(0.7)) office.pbx.dropTokens();
    await delay(random.integer(1, 360) * MINUTE_MS);
    office.pbx.setPassword(password);
    world.checks.logins.onPasswordChanged(office);
    while (!(await isLoggedInAgain(world, office))) await delay(MINUTE_MS);
  },

  'webhook-secret-rotated': async (_world, office, random) =>
    office.enterCredentials({ webhookSecret: random.text(48) }),

  'address-locked-out': async (_world, office) => {
    for (let guess = 0; guess < LOGINS_BEFORE_LOCK; guess++) office.pbx.guessPassword();
    office.pbx.dropTokens();
  },

  'pbx-clock-stepped': async (world, office, random) => {
    office.clock.offsetMs += random.integer(-300, 300) * 1000;
    office.clock.changedAt = world.now();
  },

  'pbx-clock-at-2000': async (world, office, random) => {
    const stepTo = (offsetMs: number) => {
      office.clock.offsetMs = offsetMs;
      office.clock.changedAt = world.now();
    };
    const before = office.clock.offsetMs;
    stepTo(Date.UTC(2000, 0, 1) - world.now());
    const runs = { ...office.sessionRuns };
    await delay(random.integer(1, 360) * MINUTE_MS);
    world.checks.pbx.onClockCorrected(office, runs);
    stepTo(before);
  },

  'pbx-storage-away': async (_world, { pbx }, random) => {
    pbx.takeStorageAway(random);
    await delay(random.pick([30, 120, 600, 1800, 3000]) * MINUTE_MS);
    pbx.returnStorage();
  },

  's3-denied': async (world, _office, random) => {
    const { s3 } = world.aws;
    s3.deny(random.pick(['everything', 'writes'] as const));
    await delay(random.integer(10, 1800) * MINUTE_MS);
    s3.deny('nothing');
    // The events that failed until now become dead letters first.
    await delay(5 * MINUTE_MS);
    world.redriveIndexEvents();
  },

  'our-clock-stepped': async (world, _office, random) => {
    world.stepOurClock(random.integer(-120, 120) * 1000);
    await delay(random.integer(1, 120) * MINUTE_MS);
    world.stepOurClock(0);
  },

  'report-garbled': async (_world, { pbx }) => void (await pbx.postGarbage()),
};

/** Some hours, or days: a weekend, say. */
function outageMs(random: Random): number {
  return random.integer(1, random.isTrue(0.2) ? 3 * 1440 : 360) * MINUTE_MS;
}

/** Invokes the session function as the README says after a password was corrected in the PBX. */
async function isLoggedInAgain({ functions }: World, { id }: Office): Promise<boolean> {
  const outcome = await functions.session.invoke({ pbx: id, retryLogin: true });
  if (outcome.how !== 'returned') return false;
  const [session] = (outcome.value as SessionResponse).sessions;
  return session?.outcome === 'logged-in' || session?.outcome === 'kept-alive';
}

/** Draws the incidents of a PBX; they happen one after the other, at any time within `withinMs`. */
export async function sufferIncidents(
  world: World,
  office: Office,
  random: Random,
  withinMs: number,
): Promise<void> {
  const incidents = { ...INCIDENTS, ...office.incidents };
  const kinds = (Object.keys(incidents) as FaultKind[]).filter((kind) => world.faults.isDue(kind));
  const due = kinds.map((kind) => ({ kind, afterMs: random.integer(0, withinMs) }));
  let passedMs = 0;
  for (const { kind, afterMs } of due.sort((one, other) => one.afterMs - other.afterMs)) {
    await delay(Math.max(0, afterMs - passedMs));
    passedMs = Math.max(passedMs, afterMs);
    world.faults.note(kind, office.id);
    await incidents[kind]?.(world, office, random);
  }
}
