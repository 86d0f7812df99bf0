import { DEFAULT_RECONCILIATION, SESSION_PERIOD_MINUTES } from '../../functions/shared/config/limits.ts';
import type { Outcome } from './aws/lambda-function.ts';
import { invokeAsync, schedule } from './aws/schedule.ts';
import { createRandom } from './engine/random.ts';
import { delay, elapsedMs, passTime } from './engine/virtual-time.ts';
import type { FaultKind } from './faults.ts';
import type { Violation } from './invariants/violations.ts';
import { drawFamilies } from './pbx/families.ts';
import { sufferIncidents } from './pbx/incidents.ts';
import { openOffice } from './pbx/open-office.ts';
import { makeCall } from './pbx/stories.ts';
import { drawStart } from './start.ts';
import { World } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Longer than any recording is retried, and than the queue keeps a message. */
const LIMIT_MS = 20 * DAY_MS;

/** A reconciliation skips calls that have just ended, for an hour if their length is not known, and clocks differ. */
const RECONCILED_AFTER_MS = 70 * MINUTE_MS;
/** Where clocks are put back, a local time may be taken for the one an hour later. */
const RECONCILED_AFTER_CHANGE_MS = RECONCILED_AFTER_MS + HOUR_MS;

export interface SeedResult {
  seed: number;
  violations: Violation[];
  faults: [FaultKind, number][];
  digest: string;
  virtualHours: number;
}

export interface SeedOptions {
  seed: number;
  calls: number;
  print?: ((line: string) => void) | undefined;
}

/** Runs one seed: a period of calls and faults, then one without, in which all work must finish. */
export async function runSeed({ seed, calls, print }: SeedOptions): Promise<SeedResult> {
  const startedAt = elapsedMs();
  const world = new World(seed, drawStart(createRandom(seed, 'start')), print);
  const { faults, violations, aws, checks, eventSources, functions } = world;
  const onRejection = (error: unknown) => violations.add('no rejection is unhandled', String(error));
  process.on('unhandledRejection', onRejection).on('uncaughtException', onRejection);

  const random = world.randomFor('world');
  const ids = random.pick([['head-office'], ['head-office'], ['head-office', 'branch']]);
  const families = drawFamilies(world.randomFor('families'), ids);
  world.deploy(await Promise.all(families.map(([id, family]) => openOffice(world, id, family))));
  if (world.timeZone !== undefined) faults.note('daylight-saving', world.timeZone);

  const busyMs = random.pick([20 * MINUTE_MS, 2 * HOUR_MS, 12 * HOUR_MS]);
  const reconciledAt = new Map<string, number>();
  const reconcile = async (schedule: string, hours: number) => {
    const beganAt = elapsedMs();
    for (const office of world.offices) {
      if (faults.strikes('pbx-cdr-spoilt', office.id)) office.pbx.spoilCallLog(random);
    }
    const outcome = await invokeAsync(functions.reconcile, { schedule, hours });
    for (const { pbx, outcome: how } of resultsOf(outcome)) {
      const isAll = how === 'reconciled' && elapsedMs() - startedAt < (hours - 1) * HOUR_MS;
      if (isAll) reconciledAt.set(pbx, beganAt);
    }
  };
  /** Scheduled runs in progress. What one of them leaves to do would be done in the next seed. */
  let running = 0;
  const counted = (run: () => Promise<unknown>) => async () => {
    running += 1;
    await run().finally(() => {
      running -= 1;
    });
  };
  const keepSession = counted(() => invokeAsync(functions.session, {}));
  schedule(world, 'session', SESSION_PERIOD_MINUTES * MINUTE_MS, keepSession);
  for (const [name, { everyHours, overHours }] of Object.entries(DEFAULT_RECONCILIATION)) {
    schedule(
      world,
      `reconcile-${name}`,
      everyHours * HOUR_MS,
      counted(() => reconcile(name, overHours)),
    );
  }
  for (const { id, settings } of world.offices) {
    if (settings.discoverEveryMinutes === undefined) continue;
    const discover = counted(() =>
      invokeAsync(functions.reconcile, { schedule: 'discovery', pbx: id, hours: 1 }),
    );
    schedule(world, `discover-${id}`, Number(settings.discoverEveryMinutes) * MINUTE_MS, discover);
  }
  schedule(world, 's3', HOUR_MS, async () => aws.s3.abortOldUploads());

  const isBroken = () => violations.found.length > 0 || elapsedMs() - startedAt > LIMIT_MS;
  const isUntil = async (isOver: () => boolean) => passTime(() => isBroken() || isOver());

  let isQuiet = false;
  let calmSince = Number.POSITIVE_INFINITY;
  const life = Array.from({ length: calls }, async () => {
    const office = random.pick(world.offices);
    await delay(MINUTE_MS + random.integer(0, busyMs));
    await makeCall(world, office, random);
  });
  for (const office of world.offices) life.push(sufferIncidents(world, office, random, busyMs));
  void Promise.all(life).then(() => {
    isQuiet = true;
  });
  await isUntil(() => isQuiet);
  faults.end();
  world.stepOurClock(0);
  // Without a Content-Length a cut call log looks complete, and the missing calls are found by the next run.
  for (const { pbx } of world.offices) pbx.mendCallLog();
  calmSince = elapsedMs();

  const afterMs = world.timeZone === undefined ? RECONCILED_AFTER_MS : RECONCILED_AFTER_CHANGE_MS;
  const isReconciled = () => ids.every((id) => (reconciledAt.get(id) ?? 0) > calmSince + afterMs);
  const isIdle = () =>
    running === 0 && eventSources.every((source) => source.isIdle) && aws.s3.uploads.size === 0;
  await isUntil(() => isReconciled() && isIdle());
  if (violations.found.length === 0) {
    if (elapsedMs() - startedAt > LIMIT_MS) violations.add('all work finishes', 'not within 20 days');
    checks.recordings.atEnd();
    checks.endings.atEnd();
    checks.index.atEnd();
  }
  const result = {
    seed,
    violations: violations.found,
    faults: [...faults.counts],
    digest: world.trace.digest(),
    virtualHours: Math.round((elapsedMs() - startedAt) / HOUR_MS),
  };
  world.end();
  process.off('unhandledRejection', onRejection).off('uncaughtException', onRejection);
  return result;
}

function resultsOf(outcome: Outcome): { pbx: string; outcome: string }[] {
  if (outcome.how !== 'returned') return [];
  return (outcome.value as { pbxs: { pbx: string; outcome: string }[] }).pbxs;
}
