import { toMp3 } from '../../../infra/simulated-pbx/p-series/mp3.ts';
import type { Row, RowForm } from '../../../infra/simulated-pbx/p-series/recordings.ts';
import { startSimulatedPSeries } from '../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import type { Random } from '../engine/random.ts';
import type { Account } from '../invariants/expected-recording.ts';
import type { World } from '../world.ts';
import { FINGERPRINT, Line } from './line.ts';
import { type MadeCall, type Office, startOffice, TIME_ZONES } from './office.ts';
import { createPSeriesIncidents } from './p-series-incidents.ts';
import { createPSeriesStories } from './p-series-stories.ts';

/** The last two are permanent: a fault of the client, and an interface that the firmware does not have. */
const ERRCODES = ['10004', '60001', '70651', '99999', '-2', '40002', '10001'];

/** What a look into the list of recordings may get: server faults, a failed operation, and an unknown code. */
const LIST_ERRCODES = [-2, 10009, 99999];

const CLIENT_ID = 'archive';

export async function openPSeriesOffice(world: World, id: string, random: Random): Promise<Office> {
  const { checks, trace, faults } = world;
  const sendsAudioAtOnce = faults.strikes('p-series-audio-at-once', id);
  const isDownload = sendsAudioAtOnce ? '/recording/download' : '/api/';
  const line = new Line(world, id, (url) => url.includes(isDownload));
  const serialNumber = random.text(12);
  const timeZone = world.timeZone ?? random.pick(TIME_ZONES);
  const contentLength = random.isTrue(0.7);
  const ranges = random.pick(['honoured', 'honoured', 'ignored', 'wrong'] as const);
  const isMp3 = faults.strikes('p-series-mp3', id);
  const isSearchSilent = faults.strikes('p-series-search-silent', id);
  // Firmware that does not find recordings by their times is older than the fields of the archive.
  const rows: RowForm = isSearchSilent || random.isTrue(0.2) ? 'old' : 'new';
  const isUnsigned = faults.strikes('p-series-unsigned', id);
  const discoverEveryMinutes = faults.strikes('p-series-without-webhook', id)
    ? random.pick([5, 10, 60])
    : undefined;

  const { newSecret, saveCredentials, ...common } = startOffice(world, id, random);
  const { names, clock } = common;
  const clientSecret = newSecret();
  const webhookSecret = newSecret();
  const reportBase = `https://reports.example/reports/${id}`;

  let unreported = 0;
  const pbx = await startSimulatedPSeries({
    plain: true,
    clientId: CLIENT_ID,
    clientSecret,
    serialNumber,
    firmware: discoverEveryMinutes === undefined ? '37.20.0.21' : '37.7.0.16',
    timeZone,
    contentLength,
    ranges,
    rows,
    searchTimes: isSearchSilent ? 'display' : 'epoch',
    sendsAudioAtOnce,
    ...(isMp3 && { delivers: 'mp3' }),
    messages: faults.strikes('p-series-message-object', id) ? 'object' : 'text',
    maxReports: random.pick([1, 1, 3]),
    endsOldTokens: random.isTrue(0.3),
    reusableRefreshTokens: random.isTrue(0.3),
    now: () => world.now() + clock.offsetMs,
    serve: line.serve,
    post: (url, body, { 'X-Signature': signature, ...headers }) => {
      const signed =
        isUnsigned || signature === undefined ? headers : { ...headers, 'X-Signature': signature };
      return world.reports.post(office, url, body, signed);
    },
    onEvent: (event) => checks.pSeries.onEvent(office, event),
  });
  const setWebhook = (secret: string) =>
    pbx.setWebhook(`${reportBase}/${isUnsigned ? secret.slice(0, 26) : 'p-series'}`);
  const signatureSecret = setWebhook(webhookSecret);
  saveCredentials({ clientId: CLIENT_ID, clientSecret, signatureSecret, webhookSecret });

  const isRenamed = isMp3 && !sendsAudioAtOnce;
  const office: Office = {
    ...common,
    id,
    family: 'p-series',
    line,
    contentLength,
    ranges: sendsAudioAtOnce ? 'ignored' : ranges,
    formats: [{ extension: 'wav', contentType: 'audio/wav' }],
    errnos: ERRCODES,
    finalErrnos: ERRCODES.slice(-2),
    hasCallLog: false,
    incidents: createPSeriesIncidents(pbx, { isUnsigned, isMp3, newSecret, saveCredentials, setWebhook }),
    stories: createPSeriesStories(pbx, rows),
    spoilReport: (json) => json,
    deliver: (file) =>
      isMp3
        ? {
            ...file,
            bytes: toMp3(file.bytes),
            contentType: 'audio/mpeg',
            header: 'none',
            audioSeconds: undefined,
          }
        : file,
    deliveredAs: (recording) => (isRenamed ? recording.replace(/\.\w+$/, '.mp3') : undefined),
    settings: {
      family: 'p-series',
      baseUrl: line.origin,
      serialNumber,
      timeZone,
      tls: { fingerprint256: FINGERPRINT },
      reportUrl: 'https://{host}',
      ...(isUnsigned && { reportAuthentication: 'path' }),
      ...(discoverEveryMinutes !== undefined && { discoverEveryMinutes }),
      ...names,
    },
    pbx: {
      makeCall(call) {
        const { callId, recording, report } = pbx.makeCall(call);
        const start = String(report.time_start);
        const listed = accountOfList({ ...call, recording, start });
        return { callId, recording, report, start, accounts: [accountOf(report, serialNumber), listed] };
      },
      finishRecording: pbx.finishRecording,
      deleteRecording: (recording) => pbx.deleteRecording(recording),
      writeRecording: pbx.writeRecording,
      takeStorageAway: () => pbx.takeStorageAway(),
      returnStorage: pbx.returnStorage,
      spoilCallLog: (random) => pbx.refuse('recording/search', random.pick(LIST_ERRCODES), 1),
      mendCallLog: () => pbx.refuse('recording/search', undefined),
      reboot: async () => pbx.reboot(),
      dropTokens: pbx.dropTokens,
      setPassword(secret) {
        pbx.setClientSecret(secret);
        pbx.unblock();
      },
      guessPassword: () =>
        line.postAsStranger('/openapi/v1.0/get_token', { username: CLIENT_ID, password: 'a guess' }),
      postReport: async (report) => (await pbx.postReport(report)).delivered,
      postGarbage: () => pbx.postRaw('{"type":30012,"msg":'),
    },
    drawFields: (random) => drawFields(random, newSecret),
    async report(report) {
      if (discoverEveryMinutes === undefined && (await office.pbx.postReport(report))) return true;
      unreported += 1;
      trace.add(id, `gives up report ${unreported}`);
      return false;
    },
    enterCredentials({ password, webhookSecret }) {
      saveCredentials({
        ...(password !== undefined && { clientSecret: password }),
        ...(webhookSecret !== undefined && { webhookSecret }),
      });
      // Whoever corrects the credentials sees the address in the PBX's list of blocked ones.
      if (password !== undefined) pbx.unblock();
    },
  };
  return office;
}

/** The call details that event 30012 has, with the names of their metadata. */
const CALL_DETAILS: Readonly<Record<string, string>> = {
  call_id: 'call-id',
  call_from: 'from',
  call_to: 'to',
  type: 'type',
  status: 'status',
  time_start: 'start',
  talk_duration: 'talk-seconds',
  src_trunk_name: 'trunk',
  did_number: 'did',
};

function accountOf(report: MadeCall['report'], serialNumber: string): Account {
  const details = Object.entries(CALL_DETAILS).map(([field, name]) => [name, String(report[field] ?? '')]);
  return {
    details: { ...Object.fromEntries(details), 'serial-number': serialNumber },
    talkSeconds: Number(report.talk_duration ?? 0),
    isList: false,
  };
}

/** What the list of recordings says of a call. Its id is known from the name of the file. */
function accountOfList({
  from,
  to,
  type = 'Internal',
  ...call
}: Pick<Row, 'from' | 'to'> & { type?: string; recording: string; start: string }): Account {
  const [, callId = ''] = /^\d{14}-(\d+\.\d+)-/.exec(call.recording) ?? [];
  const unknown = { status: '', 'talk-seconds': '', trunk: '', did: '', 'serial-number': '' };
  return {
    details: { 'call-id': callId, from, to, type, start: call.start, ...unknown },
    talkSeconds: 0,
    isList: true,
  };
}

/** Firmware versions write the fields of events differently. A pin code is a secret of the customer. */
const drawFields = (random: Random, newSecret: () => string): Record<string, unknown> =>
  random.pick<() => Record<string, unknown>>([
    () => ({}),
    () => ({}),
    () => ({ call_to: random.integer(1000, 9999) }),
    () => ({ did_number: '4930123456', did_name: undefined }),
    () => ({ src_trunk_name: 'Büro "Süd", Leitung 1' }),
    () => ({ pin_code: newSecret() }),
  ])();
