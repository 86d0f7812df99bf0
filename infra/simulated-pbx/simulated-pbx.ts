import { handleRequest } from './api.ts';
import { describeCall } from './calls.ts';
import {
  fingerprintOf,
  generateCertificate,
  readIdentity,
  type TlsIdentity,
  writeIdentity,
} from './certificate.ts';
import { countEvent, createStats, type PbxEvent } from './events.ts';
import { CDR_FILE, Misbehaviours } from './misbehaviours.ts';
import type { PbxParts } from './parts.ts';
import type { SimulatedPbx, SimulatedPbxOptions } from './public-api.ts';
import { Randoms } from './randoms.ts';
import { ReportSender } from './reports.ts';
import { Sessions } from './sessions.ts';
import { generateSpeech } from './speech.ts';
import { createMemoryStorage, openStorage } from './storage.ts';
import { startWebServer } from './web-server.ts';

export type { CallOptions } from './calls.ts';
export type { TlsIdentity } from './certificate.ts';
export type { Compression } from './compression.ts';
export type { PbxEvent, PbxStats } from './events.ts';
export type { Misbehaviour } from './misbehaviours.ts';
export type { SimulatedCall, SimulatedPbx, SimulatedPbxOptions } from './public-api.ts';
export type { Answer, ReportOutcome } from './reports.ts';

const CERTIFICATE_NAMES = ['pbx.test', 'localhost', '127.0.0.1'];

/** Starts a simulated Yeastar S-Series PBX, as far as its API is concerned, on a loopback address. */
export async function startSimulatedPbx(options: SimulatedPbxOptions = {}): Promise<SimulatedPbx> {
  const { apiVersion = 'v1.1.0', serialNumber = '369362089179', timeZone = 'UTC', now = Date.now } = options;
  const { username = 'api', password = 'pbx-password', directory, host = '127.0.0.1', port = 0 } = options;
  const {
    refreshTokens = false,
    endsOldTokenOnLogin = false,
    contentLength = true,
    compression = 'none',
    writeCdrs = (csv: string) => csv,
    padding = '',
    ranges = 'honoured',
  } = options;
  const { maxReports = 5, repeatDelay = 1000, maxTlsVersion, onEvent } = options;
  const { serve = startWebServer, post } = options;
  const actionKey = apiVersion === 'v2.0.0' ? 'event' : 'action';

  const stats = createStats();
  const emit = (event: PbxEvent) => {
    countEvent(stats, event);
    onEvent?.(event);
  };
  const storage = directory === undefined ? createMemoryStorage() : openStorage(directory);
  const sessions = new Sessions({
    username,
    password,
    now,
    refreshTokens,
    endsOldTokenOnLogin,
    reportMethod: options.reportMethod,
    eventVersion: apiVersion === 'v2.0.0' ? '2.0.0' : '1.0.2',
  });
  const randoms = new Randoms(now);
  const misbehaviours = new Misbehaviours();
  let storageErrno: '20012' | '20014' | undefined;
  const reports = new ReportSender({ maxReports, repeatDelay, emit, ...(post && { post }) });

  const saveIdentity = (identity: TlsIdentity) => {
    if (directory !== undefined) writeIdentity(directory, identity);
    return identity;
  };
  const savedIdentity = directory === undefined ? undefined : readIdentity(directory);
  let tls = options.plain
    ? undefined
    : saveIdentity(options.tls ?? savedIdentity ?? (await generateCertificate(CERTIFICATE_NAMES)));

  const server = await serve({
    tls,
    maxTlsVersion,
    host,
    port,
    handle: (request, response) => handleRequest(parts, request, response),
  });
  const parts: PbxParts = {
    apiVersion,
    serialNumber,
    timeZone,
    contentLength,
    compression,
    writeCdrs,
    padding,
    get storageErrno() {
      return storageErrno;
    },
    ranges,
    refreshTokens,
    now,
    sessions,
    randoms,
    misbehaviours,
    storage,
    emit,
    requests: stats.requests,
    reset: server.reset,
  };

  return {
    url: server.origin,
    stats,
    get certificate() {
      return tls?.cert ?? '';
    },
    get fingerprint256() {
      return tls ? fingerprintOf(tls) : '';
    },
    makeCall: ({ misbehaviour, ...call }) => {
      const number = storage.reports.length + 1;
      const { callId, recording, report } = describeCall(call, number, now(), {
        serialNumber,
        timeZone,
        actionKey,
      });
      const bytes =
        recording === ''
          ? Buffer.alloc(0)
          : (call.recording ?? generateSpeech({ seconds: call.talkSeconds ?? 4, seed: number }));
      if (recording !== '') storage.writeRecording(recording, bytes);
      storage.addReport(report);
      misbehaviours.plan(recording, [misbehaviour ?? []].flat());
      emit({ type: 'call-made', callId, recording, report });
      return { callId, recording, bytes, report };
    },
    misbehave: (recording, ...planned) => misbehaviours.plan(recording, planned),
    finishRecording: (recording) => misbehaviours.cancel(recording, 'not-ready'),
    misbehaveCdrs: (...planned) => misbehaviours.plan(CDR_FILE, planned),
    deleteRecording: (recording, errno = '20014') => {
      storage.removeRecording(recording);
      misbehaviours.plan(recording, errno === '20014' ? [{ kind: 'deleted' }] : []);
    },
    writeRecording: (recording, bytes) => {
      misbehaviours.plan(recording, []);
      storage.writeRecording(recording, bytes);
    },
    takeStorageAway: (errno) => {
      storageErrno = errno;
    },
    returnStorage: () => {
      storageErrno = undefined;
    },
    postReport: (report) => reports.post(report, () => sessions.liveSubscription()),
    postRaw: async (body, headers) => {
      const subscription = sessions.latestSubscription();
      return subscription ? reports.postOnce(subscription.url, body, headers) : 'no-answer';
    },
    reboot: () => {
      server.dropConnections();
      sessions.dropAll();
      randoms.dropAll();
      emit({ type: 'rebooted' });
      const bootUp = { [actionKey]: 'BootUp', sn: serialNumber };
      return reports.post(bootUp, () => sessions.latestSubscription());
    },
    dropTokens: () => sessions.dropAll(),
    setReportMethod: (method) => sessions.setReportMethod(method),
    setPassword: (newPassword) => sessions.setPassword(newPassword),
    replaceCertificate: async (identity) => {
      tls = saveIdentity(identity ?? (await generateCertificate(CERTIFICATE_NAMES)));
      server.replaceIdentity(tls);
    },
    close: () => {
      reports.close();
      return server.close();
    },
  };
}
