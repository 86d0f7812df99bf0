import type { CallOptions } from './calls.ts';
import type { TlsIdentity } from './certificate.ts';
import type { Compression } from './compression.ts';
import type { PbxEvent, PbxStats } from './events.ts';
import type { Misbehaviour } from './misbehaviours.ts';
import type { ApiVersion } from './parts.ts';
import type { Ranges } from './ranges.ts';
import type { Answer, PostReport, ReportOutcome } from './reports.ts';
import type { ReportMethod } from './sessions.ts';
import type { MaxTlsVersion, startWebServer } from './web-server.ts';

export interface SimulatedPbxOptions {
  username?: string;
  password?: string;
  apiVersion?: ApiVersion;
  serialNumber?: string;
  /** Time zone of the PBX's own clock, used in `timestart`, names and CDR files. */
  timeZone?: string;
  /** Generated if absent. */
  tls?: TlsIdentity;
  /** Plain HTTP instead of HTTPS. */
  plain?: boolean;
  maxTlsVersion?: MaxTlsVersion;
  host?: string;
  port?: number;
  /** Stores recordings, CDRs and certificate; they are kept in memory if absent. */
  directory?: string;
  now?: () => number;
  /** Whether recordings come with a `Content-Length`. */
  contentLength?: boolean;
  /** How files are compressed, by default not at all. If they are, ranges are ignored. */
  compression?: Compression;
  /** Turns the call log as the guide has it into one of another writer. */
  writeCdrs?: (csv: string) => string;
  /** Behind each JSON response, as the NULs of a C program's buffer; nothing by default. */
  padding?: string;
  /** How a download treats a `Range` header; `honoured` by default. */
  ranges?: Ranges;
  /** As on Cloud PBX, a refresh token keeps the session alive, and the heartbeat does not. */
  refreshTokens?: boolean;
  /** As API v2.0.0 may say at a login. With TCP, no report is posted. By default HTTP, of which a login says nothing. */
  reportMethod?: ReportMethod;
  /** The guides do not say whether a second login ends the first token. */
  endsOldTokenOnLogin?: boolean;
  /** Maximum number of times that a report is posted. */
  maxReports?: number;
  /** Milliseconds before each repeat of a report, or a function that resolves when it is due. */
  repeatDelay?: number | ((repeat: number) => Promise<unknown>);
  onEvent?: (event: PbxEvent) => void;
  /** Receives its requests; by default a web server on a port of its own. */
  serve?: typeof startWebServer;
  /** Sends its reports; by default over HTTP. */
  post?: PostReport;
}

export interface SimulatedCall {
  callId: string;
  /** Name of the recording; empty if the call was not recorded. */
  recording: string;
  bytes: Buffer;
  /** The `NewCdr` report, not posted yet. */
  report: Record<string, unknown>;
}

export interface SimulatedPbx {
  readonly url: string;
  readonly certificate: string;
  readonly fingerprint256: string;
  readonly stats: Readonly<PbxStats>;
  /** Makes a call that has just ended. Its recording and its CDR exist; `postReport` posts its report. */
  makeCall(call: CallOptions & { misbehaviour?: Misbehaviour | Misbehaviour[] }): SimulatedCall;
  misbehave(recording: string, ...misbehaviours: Misbehaviour[]): void;
  /** Ends the misbehaviour `not-ready`. */
  finishRecording(recording: string): void;
  /** The same for downloads of CDR files: where a misbehaviour mentions audio, it is CSV. */
  misbehaveCdrs(...misbehaviours: Misbehaviour[]): void;
  /** Removes the file, not the CDR. The guides are not clear on whether requests for it get 20014 or 20012. */
  deleteRecording(recording: string, errno?: '20012' | '20014'): void;
  /** Replaces the file of a recording, or brings a deleted one back. */
  writeRecording(recording: string, bytes: Buffer): void;
  /** The disk or network share with the recordings is away: the PBX refuses all of them like missing ones. */
  takeStorageAway(errno: '20012' | '20014'): void;
  returnStorage(): void;
  /** Posts to the subscribed URL until the response is 200, as long as the subscriber's token is alive. */
  postReport(report: Record<string, unknown>): Promise<ReportOutcome>;
  /** Posts any text once to the latest subscriber, even if its token has expired. */
  postRaw(body: string | Buffer, headers?: Record<string, string>): Promise<Answer>;
  /** Cuts all connections, forgets tokens and randoms, then posts `BootUp` to the latest subscriber. */
  reboot(): Promise<ReportOutcome>;
  dropTokens(): void;
  setPassword(password: string): void;
  setReportMethod(method: ReportMethod): void;
  replaceCertificate(identity?: TlsIdentity): Promise<void>;
  close(): Promise<void>;
}
