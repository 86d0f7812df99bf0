import { startSimulatedPbx } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import type { Random } from '../engine/random.ts';
import { delay } from '../engine/virtual-time.ts';
import type { Account } from '../invariants/expected-recording.ts';
import type { World } from '../world.ts';
import { CALL_LOG_WRITERS } from './call-logs.ts';
import { FINGERPRINT, Line, OUR_ADDRESS } from './line.ts';
import { drawCdrMisbehaviour, PADDINGS } from './misbehaviours.ts';
import { type Office, startOffice, TIME_ZONES } from './office.ts';
import { FORMATS } from './recordings.ts';

const COMPRESSIONS = ['gzip', 'gzip-unannounced', 'deflate', 'br'] as const;
const REPEAT_REPORTS_AFTER_MS = 10_000;

/** The last two are permanent according to the vendor's guide. */
const ERRNOS = ['20004', '20006', '20012', '20014', '99999', '10003', '20015'];

/** The PBX does not have a recording. */
const MISSING = ['20012', '20014'] as const;

export async function openSSeriesOffice(world: World, id: string, random: Random): Promise<Office> {
  const { checks, trace, faults } = world;
  const line = new Line(world, id, (url) => url.includes('/recording/download'));
  const serialNumber = random.text(12);
  const timeZone = world.timeZone ?? random.pick(TIME_ZONES);
  const apiVersion = random.pick(['v1.1.0', 'v1.1.0', 'v2.0.0'] as const);
  const contentLength = random.isTrue(0.7);
  const ranges = random.pick(['honoured', 'honoured', 'ignored', 'wrong'] as const);
  const compression = faults.strikes('pbx-compressed', id) ? random.pick(COMPRESSIONS) : 'none';
  const isCompressed = compression !== 'none';

  const { newSecret, saveCredentials, ...common } = startOffice(world, id, random);
  const { names, clock } = common;
  const password = newSecret();
  saveCredentials({ username: 'api', password, webhookSecret: newSecret() });

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
    ...common,
    id,
    family: 's-series',
    line,
    // What a compressing PBX announces is the length of what it sends.
    contentLength: contentLength && !isCompressed,
    ranges: isCompressed ? 'ignored' : ranges,
    formats: FORMATS,
    errnos: ERRNOS,
    finalErrnos: ERRNOS.slice(-2),
    hasCallLog: true,
    incidents: {},
    stories: {},
    spoilReport: (json) => json,
    deliver: (file) => file,
    deliveredAs: () => undefined,
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
    pbx: {
      makeCall(call) {
        const { callId, recording, report } = pbx.makeCall(call);
        const start = String(report.timestart);
        return { callId, recording, report, start, accounts: [accountOf(report)] };
      },
      finishRecording: pbx.finishRecording,
      deleteRecording: (recording, random) => pbx.deleteRecording(recording, random.pick(MISSING)),
      writeRecording: pbx.writeRecording,
      takeStorageAway: (random) => pbx.takeStorageAway(random.pick(MISSING)),
      returnStorage: pbx.returnStorage,
      spoilCallLog(random) {
        const misbehaviour = drawCdrMisbehaviour(random, ERRNOS);
        pbx.misbehaveCdrs(misbehaviour);
        if (misbehaviour.kind === 'cut') office.isCallLogCut = true;
      },
      mendCallLog: () => pbx.misbehaveCdrs(),
      reboot() {
        office.isBootUpLost = faults.strikes('boot-up-lost', id);
        return pbx.reboot();
      },
      dropTokens: pbx.dropTokens,
      setPassword: pbx.setPassword,
      guessPassword: () => line.postAsStranger('/api/v1.1.0/login', { username: 'api', password: 'a guess' }),
      postReport: async (report) => (await pbx.postReport(report)).delivered,
      postGarbage: () => pbx.postRaw('{"action":"NewCdr","recording":'),
    },
    drawFields,
    async report(report) {
      if (await office.pbx.postReport(report)) return true;
      unreported += 1;
      trace.add(id, `gives up report ${unreported}`);
      return false;
    },
    enterCredentials: saveCredentials,
  };
  return office;
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

const accountOf = (report: Record<string, unknown>): Account => ({
  details: Object.fromEntries(
    Object.entries(CALL_DETAILS).map(([field, name]) => [name, String(report[field] ?? '')]),
  ),
  talkSeconds: Number(report.talkduraction ?? 0),
  isList: false,
});

/** Firmware versions write report fields differently. */
const drawFields = (random: Random): Record<string, unknown> =>
  random.pick([
    {},
    {},
    { callto: random.integer(1000, 9999) },
    { didnumber: '4930123456' },
    { srctrunkname: 'Büro "Süd", Leitung 1' },
    { agentringtime: undefined },
  ]);
