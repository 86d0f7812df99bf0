import type { Ranges } from '../../../infra/simulated-pbx/ranges.ts';
import type { SimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import { startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import type { Random } from '../engine/random.ts';
import { delay } from '../engine/virtual-time.ts';
import type { World } from '../world.ts';
import { CALL_LOG_WRITERS } from './call-logs.ts';
import { FINGERPRINT, Line, OUR_ADDRESS } from './line.ts';
import { PADDINGS } from './misbehaviours.ts';

const TIME_ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Sydney', 'Asia/Kathmandu'];
const COMPRESSIONS = ['gzip', 'gzip-unannounced', 'deflate', 'br'] as const;
const REPEAT_REPORTS_AFTER_MS = 10_000;

/** A PBX, and everything that belongs to it on both sides. */
export interface Office {
  readonly id: string;
  readonly pbx: SimulatedPbx;
  readonly line: Line;
  readonly contentLength: boolean;
  readonly ranges: Ranges;
  readonly names: { credentialsSecret: string; sessionSecret: string; queueName: string };
  /** Its entry in the registry of PBXs. */
  readonly settings: Record<string, unknown>;
  /** The offset of the PBX's clock from the true time, and when it was last changed (true time). */
  clock: { offsetMs: number; changedAt: number };
  /** Runs that kept its session, and those that found its clock wrong. */
  sessionRuns: { up: number; clockWrong: number };
  isBootUpLost: boolean;
  /** A download of its call log was cut in the middle. */
  isCallLogCut: boolean;
  /** What becomes of a report on its way out of the PBX. */
  spoilReport: (json: string) => string;
  /** Sends a report like the PBX, until it is accepted or the PBX gives up. Returns whether it was accepted. */
  report(report: Record<string, unknown>): Promise<boolean>;
  /** The credentials in the secret. */
  credentials(): { username: string; password: string; webhookSecret: string };
  enterCredentials(changes: Partial<{ password: string; webhookSecret: string }>): void;
}

export async function openOffice(world: World, id: string, random: Random): Promise<Office> {
  const { aws, checks, trace, faults } = world;
  const line = new Line(world, id);
  const clock = { offsetMs: 0, changedAt: Number.NEGATIVE_INFINITY };
  const names = {
    credentialsSecret: `pbx/${id}`,
    sessionSecret: `session/${id}`,
    queueName: `recordings-${id}`,
  };
  const serialNumber = random.text(12);
  const timeZone = world.timeZone ?? random.pick(TIME_ZONES);
  const apiVersion = random.pick(['v1.1.0', 'v1.1.0', 'v2.0.0'] as const);
  const contentLength = random.isTrue(0.7);
  const ranges = random.pick(['honoured', 'honoured', 'ignored', 'wrong'] as const);
  const compression = faults.strikes('pbx-compressed', id) ? random.pick(COMPRESSIONS) : 'none';
  const isCompressed = compression !== 'none';

  const newSecret = () => {
    const secret = random.text(32);
    checks.logs.addSecret(secret);
    return secret;
  };
  const password = newSecret();
  const save = (credentials: object) => aws.secrets.set(names.credentialsSecret, JSON.stringify(credentials));
  save({ username: 'api', password, webhookSecret: newSecret() });
  aws.secrets.set(names.sessionSecret, '{"nonce":"generated"}');

  let unreported = 0;
  const pbx = await startSimulatedPbx({
    plain: true,
    password,
    serialNumber,
    timeZone,
    apiVersion,
    contentLength,
    compression,
    ...(faults.strikes('pbx-call-log-odd', id) && { writeCdrs: random.pick(CALL_LOG_WRITERS) }),
    padding: faults.strikes('pbx-padded', id) ? random.pick(PADDINGS) : '',
    ranges,
    refreshTokens: random.isTrue(0.3),
    endsOldTokenOnLogin: random.isTrue(0.5),
    now: () => world.now() + clock.offsetMs,
    repeatDelay: () => delay(REPEAT_REPORTS_AFTER_MS),
    serve: line.serve,
    post: (url, body) => world.reports.post(office, url, office.spoilReport(String(body))),
    onEvent: (event) => checks.pbx.onEvent(office, event),
  });
  const office: Office = {
    id,
    pbx,
    line,
    // What a compressing PBX announces is the length of what it sends.
    contentLength: contentLength && !isCompressed,
    ranges: isCompressed ? 'ignored' : ranges,
    names,
    clock,
    sessionRuns: { up: 0, clockWrong: 0 },
    isBootUpLost: false,
    isCallLogCut: false,
    spoilReport: (json) => json,
    settings: {
      baseUrl: line.origin,
      apiVersion,
      serialNumber,
      timeZone,
      tls: { fingerprint256: FINGERPRINT },
      reportUrl: random.pick(['https://{host}', 'http://{host}', '{host}']),
      ...(random.isTrue(0.3) && { allowedIp: OUR_ADDRESS }),
      ...names,
    },
    async report(report) {
      const { delivered } = await pbx.postReport(report);
      if (delivered) return true;
      unreported += 1;
      trace.add(id, `gives up report ${unreported}`);
      return false;
    },
    credentials: () => JSON.parse(aws.secrets.get(names.credentialsSecret)),
    enterCredentials: (changes) => {
      for (const secret of Object.values(changes)) checks.logs.addSecret(secret);
      save({ ...office.credentials(), ...changes });
    },
  };
  return office;
}
