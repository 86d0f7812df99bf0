import type { CallOptions } from './calls.ts';
import type { TlsIdentity } from './certificate.ts';
import type { PbxEvent, PbxStats } from './events.ts';
import type { Misbehaviour } from './misbehaviours.ts';
import type { ApiVersion } from './parts.ts';
import type { Ranges } from './ranges.ts';
import type { Answer, PostReport, ReportOutcome } from './reports.ts';
import type { MaxTlsVersion, startWebServer } from './web-server.ts';

export interface SimulatedPbxOptions {
  username?: string;
  password?: string;
  apiVersion?: ApiVersion;
  serialNumber?: string;
  /** The PBX's own clock: `timestart`, names and CDR files are written in it. */
  timeZone?: string;
  /** Generated when absent. */
  tls?: TlsIdentity;
  /** Plain HTTP instead of HTTPS. */
  plain?: boolean;
  maxTlsVersion?: MaxTlsVersion;
  host?: string;
  port?: number;
  /** Recordings, CDRs and certificate are kept here; in memory when absent. */
  directory?: string;
  now?: () => number;
  /** Whether recordings come with a `Content-Length`. */
  contentLength?: boolean;
  /** What the download makes of a `Range`; `honoured` by default. */
  ranges?: Ranges;
  /** As Cloud PBX: a refresh token keeps the session, the heartbeat does not. */
  refreshTokens?: boolean;
  /** No guide says whether a second login ends the first token. */
  endsOldTokenOnLogin?: boolean;
  /** How often a report is posted at most. */
  maxReports?: number;
  /** Milliseconds before each repeat of a report, or what to wait for then. */
  repeatDelay?: number | ((repeat: number) => Promise<unknown>);
  onEvent?: (event: PbxEvent) => void;
  /** What carries the requests to it; by default a web server on a port of its own. */
  serve?: typeof startWebServer;
  /** What carries its reports away; by default HTTP. */
  post?: PostReport;
}

export interface SimulatedCall {
  callId: string;
  /** Its name; empty when the call was not recorded. */
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
  /** A call that has just ended: its recording and its CDR exist, its report is for `postReport`. */
  makeCall(call: CallOptions & { misbehaviour?: Misbehaviour | Misbehaviour[] }): SimulatedCall;
  misbehave(recording: string, ...misbehaviours: Misbehaviour[]): void;
  /** The same with the downloads of CDR files; what stands there of audio is then CSV. */
  misbehaveCdrs(...misbehaviours: Misbehaviour[]): void;
  /** Removes the file, not the CDR. No guide says for sure whether asking for it then meets 20014 or 20012. */
  deleteRecording(recording: string, errno?: '20012' | '20014'): void;
  /** Posts to the subscribed URL until the answer is 200, while the subscriber's token lives. */
  postReport(report: Record<string, unknown>): Promise<ReportOutcome>;
  /** Posts any text once, to whoever subscribed last, token or no token. */
  postRaw(body: string | Buffer, headers?: Record<string, string>): Promise<Answer>;
  /** Cuts all connections, forgets tokens and randoms, then posts `BootUp` to whoever subscribed last. */
  reboot(): Promise<ReportOutcome>;
  dropTokens(): void;
  setPassword(password: string): void;
  replaceCertificate(identity?: TlsIdentity): Promise<void>;
  close(): Promise<void>;
}
