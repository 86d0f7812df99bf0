import {
  fingerprintOf,
  generateCertificate,
  readIdentity,
  type TlsIdentity,
  writeIdentity,
} from '../certificate.ts';
import { Misbehaviours } from '../misbehaviours.ts';
import { ReportSender } from '../reports.ts';
import { createMemoryStorage, openStorage, type Storage } from '../storage.ts';
import { startWebServer } from '../web-server.ts';
import { handleRequest } from './api.ts';
import { describeCall } from './calls.ts';
import { Downloads } from './downloads.ts';
import type { PSeriesParts } from './parts.ts';
import type { PSeriesStats, SimulatedPSeries, SimulatedPSeriesOptions } from './public-api.ts';
import type { Row } from './recordings.ts';
import { Tokens } from './tokens.ts';
import { createWebhook } from './webhook.ts';

export type {
  PSeriesCall,
  PSeriesCallOptions,
  PSeriesEvent,
  PSeriesStats,
  SimulatedPSeries,
  SimulatedPSeriesOptions,
} from './public-api.ts';

const CERTIFICATE_NAMES = ['pbx.test', 'localhost', '127.0.0.1'];

/** Starts a simulated Yeastar P-Series PBX, as far as its API is concerned, on a loopback address. */
export async function startSimulatedPSeries(
  options: SimulatedPSeriesOptions = {},
): Promise<SimulatedPSeries> {
  const { clientId = 'client-id', clientSecret = 'client-secret', now = Date.now } = options;
  const { serialNumber = '3600000000TST', firmware = '37.20.0.21', timeZone = 'UTC' } = options;
  const { endsOldTokens = false, reusableRefreshTokens = false, directory } = options;
  const { host = '127.0.0.1', port = 0, serve = startWebServer, messages = 'text', maxReports = 1 } = options;
  const stats: PSeriesStats = {
    requests: [],
    getTokens: 0,
    refreshes: 0,
    refusedTokens: 0,
    maxValidTokens: 0,
    downloads: 0,
    reports: 0,
  };
  const storage = directory === undefined ? createMemoryStorage() : openStorage(directory);
  const tokens = new Tokens({ clientId, clientSecret, now, endsOldTokens, reusableRefreshTokens });
  const saveIdentity = (identity: TlsIdentity) => {
    if (directory !== undefined) writeIdentity(directory, identity);
    return identity;
  };
  const savedIdentity = directory === undefined ? undefined : readIdentity(directory);
  const tls = options.plain
    ? undefined
    : saveIdentity(options.tls ?? savedIdentity ?? (await generateCertificate(CERTIFICATE_NAMES)));
  const server = await serve({
    tls,
    maxTlsVersion: undefined,
    host,
    port,
    handle: (request, response) => handleRequest(parts, request, response),
  });
  const parts: PSeriesParts = {
    serialNumber,
    firmware,
    timeZone,
    startedAt: now(),
    allowedAddresses: options.allowedAddresses,
    contentLength: options.contentLength ?? true,
    ranges: options.ranges ?? 'honoured',
    rowForm: options.rows ?? 'new',
    searchTimes: options.searchTimes ?? 'epoch',
    delivers: options.delivers,
    sendsAudioAtOnce: options.sendsAudioAtOnce ?? false,
    now,
    tokens,
    downloads: new Downloads(now),
    misbehaviours: new Misbehaviours(),
    storage,
    rows: readRows(storage),
    delayed: new Map(),
    refusals: new Map(),
    changed: { downloadUrl: undefined, isOccupied: false, isStorageAway: false },
    mp3Downloads: 0,
    stats,
    emit: (event) => options.onEvent?.(event),
    reset: server.reset,
  };
  const sender = new ReportSender({
    maxReports,
    repeatDelay: options.repeatDelay ?? 0,
    emit: () => {},
    ...(options.post && { post: options.post }),
  });
  const webhook = createWebhook({ sender, maxReports, serialNumber, messages, stats });

  return {
    url: server.origin,
    stats,
    certificate: tls?.cert ?? '',
    fingerprint256: tls ? fingerprintOf(tls) : '',
    setWebhook: webhook.set,
    renewWebhookSecret: webhook.renewSecret,
    makeCall: ({ misbehaviour, ...call }) => {
      const id = (parts.rows.at(-1)?.id ?? 0) + 1;
      const { callId, row, bytes, report } = describeCall(call, id, now(), timeZone);
      const recording = row.file;
      if (recording !== '') {
        storage.writeRecording(recording, bytes);
        storage.addReport({ ...row });
        parts.rows.push(row);
        parts.misbehaviours.plan(recording, [misbehaviour ?? []].flat());
      }
      return { callId, recording, bytes, report };
    },
    misbehave: (recording, ...planned) => parts.misbehaviours.plan(recording, planned),
    finishRecording: (recording) => parts.misbehaviours.cancel(recording, 'not-ready'),
    delayRecording: (recording, requests) => void parts.delayed.set(recording, requests),
    deleteRecording: (recording) => {
      storage.removeRecording(recording);
      parts.rows = parts.rows.filter((row) => row.file !== recording);
    },
    writeRecording: (recording, bytes) => {
      storage.writeRecording(recording, bytes);
      for (const row of parts.rows) if (row.file === recording) row.size = bytes.length;
    },
    takeStorageAway: () => {
      parts.changed.isStorageAway = true;
    },
    returnStorage: () => {
      parts.changed.isStorageAway = false;
    },
    archiveAway: (recording) => {
      storage.removeRecording(recording);
      for (const row of parts.rows) if (row.file === recording) row.archiveStatus = 'success';
    },
    answerDownloadsWith: (url) => {
      parts.changed.downloadUrl = url;
    },
    occupyDownloads: (isOccupied) => {
      parts.changed.isOccupied = isOccupied;
    },
    refuse: (path, errcode, times = Number.POSITIVE_INFINITY) => {
      if (errcode === undefined) parts.refusals.delete(path);
      else parts.refusals.set(path, { errcode, left: times });
    },
    postReport: webhook.post,
    postRaw: webhook.postOnce,
    reboot: () => {
      server.dropConnections();
      tokens.dropAll();
    },
    dropTokens: () => tokens.dropAll(),
    expireTokens: () => tokens.expireAll(),
    takeTokens: () => tokens.takeAll(),
    setClientSecret: (secret) => tokens.setClientSecret(secret),
    unblock: () => tokens.unblock(),
    close: () => {
      sender.close();
      return server.close();
    },
  };
}

/** Recorded calls of earlier runs, as far as their files are still there. */
const readRows = ({ reports, readRecording }: Storage): Row[] =>
  (reports as readonly unknown[] as Row[]).filter(({ file }) => readRecording(file) !== undefined);
