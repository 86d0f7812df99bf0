import type { TlsIdentity } from '../certificate.ts';
import type { Misbehaviour } from '../misbehaviours.ts';
import type { Ranges } from '../ranges.ts';
import type { Answer, PostReport, ReportOutcome } from '../reports.ts';
import type { startWebServer } from '../web-server.ts';
import type { RowForm } from './recordings.ts';
import type { MessageForm } from './webhook.ts';

export interface SimulatedPSeriesOptions {
  clientId?: string;
  clientSecret?: string;
  serialNumber?: string;
  firmware?: string;
  /** Time zone of the PBX's own clock. */
  timeZone?: string;
  /** Generated if absent. */
  tls?: TlsIdentity;
  /** Plain HTTP instead of HTTPS. */
  plain?: boolean;
  host?: string;
  port?: number;
  /** Stores recorded calls, with their files, and the certificate; they are kept in memory if absent. */
  directory?: string;
  now?: () => number;
  /** Addresses that may use the API; any if absent. */
  allowedAddresses?: string[];
  endsOldTokens?: boolean;
  reusableRefreshTokens?: boolean;
  contentLength?: boolean;
  ranges?: Ranges;
  rows?: RowForm;
  /**
   * `epoch`: filters by Unix seconds. `display`: knows only its own display format, and finds nothing otherwise.
   * `ignored`: finds everything.
   */
  searchTimes?: 'epoch' | 'display' | 'ignored';
  /** Files are delivered in this format, whatever the name in the list. */
  delivers?: 'wav' | 'mp3';
  /** Firmware that sends the audio in response to the first request. */
  sendsAudioAtOnce?: boolean;
  messages?: MessageForm;
  /** Maximum number of times that an event is posted. The guide does not say. */
  maxReports?: number;
  /** Milliseconds between two posts of the same event. */
  repeatDelay?: number;
  onEvent?: (event: PSeriesEvent) => void;
  serve?: typeof startWebServer;
  post?: PostReport;
}

/** Everything that happens at the PBX. No event contains a token or a secret. */
export type PSeriesEvent =
  | { type: 'token'; how: 'get' | 'refresh'; valid: number }
  | { type: 'token-refused'; how: 'get' | 'refresh'; errcode: number; address: string }
  | { type: 'token-deleted' }
  | { type: 'blocked'; address: string }
  | { type: 'call-refused'; path: string; errcode: number }
  | { type: 'misbehaved'; recording: string; kind: Misbehaviour['kind'] }
  | { type: 'download-started'; recording: string; bytes: number }
  | { type: 'download-finished'; recording: string; complete: boolean }
  | { type: 'listed'; path: string; rows: number };

export interface PSeriesStats {
  /** Method and path, without the query, which contains tokens. */
  requests: string[];
  getTokens: number;
  refreshes: number;
  refusedTokens: number;
  /** The most tokens that were valid at the same time. */
  maxValidTokens: number;
  downloads: number;
  /** Events posted, repeats included. */
  reports: number;
}

export interface PSeriesCallOptions {
  from: string;
  to: string;
  type?: 'Internal' | 'Inbound' | 'Outbound';
  talkSeconds?: number;
  /** Start of the call, in epoch milliseconds. By default the call ends now. */
  startedAt?: number;
  /** If `false`, there is no recording, and `recording` is empty in the event. */
  recorded?: boolean;
  recordingName?: string;
  /** Content of the file; `talkSeconds` of speech by default. */
  recording?: Buffer;
  /** Fields of the event to add or replace. */
  fields?: Record<string, unknown>;
  misbehaviour?: Misbehaviour | Misbehaviour[];
}

export interface PSeriesCall {
  callId: string;
  /** Name of the recording; empty if the call was not recorded. */
  recording: string;
  bytes: Buffer;
  /** Message of event 30012, not posted yet. */
  report: Record<string, unknown>;
}

export interface SimulatedPSeries {
  readonly url: string;
  readonly certificate: string;
  readonly fingerprint256: string;
  readonly stats: Readonly<PSeriesStats>;
  /** As an administrator does: where events go. Returns the secret that the PBX makes for it, once. */
  setWebhook(url: string): string;
  /** Replaces the secret of the webhook. */
  renewWebhookSecret(): string;
  /** Makes a call that has just ended. Its recording exists; `postReport` posts its event. */
  makeCall(call: PSeriesCallOptions): PSeriesCall;
  misbehave(recording: string, ...misbehaviours: Misbehaviour[]): void;
  /** Ends the misbehaviour `not-ready`. */
  finishRecording(recording: string): void;
  /** How many requests for this recording get "not found" first: the file is not ready yet. */
  delayRecording(recording: string, requests: number): void;
  deleteRecording(recording: string): void;
  writeRecording(recording: string, bytes: Buffer): void;
  /** Until it returns, the PBX has no recording to send. It lists them all the same. */
  takeStorageAway(): void;
  returnStorage(): void;
  /** The PBX's own archive moves the file away. */
  archiveAway(recording: string): void;
  /** What the first step of a download responds instead of its own path. */
  answerDownloadsWith(url: string | undefined): void;
  /** Until it is called again, somebody else downloads an MP3, and only one can be at a time. */
  occupyDownloads(isOccupied: boolean): void;
  /** Any further request for this interface gets this code; the next `times` of them, if given. */
  refuse(path: string, errcode: number | undefined, times?: number): void;
  /** Posts event 30012. */
  postReport(report: Record<string, unknown>, type?: number): Promise<ReportOutcome>;
  /** Posts any text once, with a right signature unless `headers` has another. */
  postRaw(body: string | Buffer, headers?: Record<string, string>): Promise<Answer>;
  /** Cuts all connections and forgets all tokens. */
  reboot(): void;
  dropTokens(): void;
  /** Lets the access tokens reach their end. Their refresh tokens live on. */
  expireTokens(): void;
  /** Another client takes all tokens that are left. */
  takeTokens(): void;
  setClientSecret(clientSecret: string): void;
  unblock(): void;
  close(): Promise<void>;
}
