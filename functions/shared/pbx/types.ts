import type { Readable } from 'node:stream';
import type { Recorded } from '../call-log/recorded.ts';
import type { Call } from '../jobs/job.ts';

/**
 * What every family of PBXs provides. The rest of the product knows nothing else of them; docs/architecture.md says how
 * to add one.
 */

/** What an administrator has entered, and the secret that the stack generated. */
export interface Credentials {
  username: string;
  password: string;
  /** Part of the report URL of a PBX that does not sign its reports. */
  webhookSecret: string;
  /** With any of these, a PBX may have signed a report. */
  signatureSecrets?: string[];
}

/** Where the PBX posts its reports. */
export interface Subscription {
  /** Includes the scheme, and ends in the webhook secret. */
  url: string;
  /** `bare`: the PBX gets the URL without its scheme. */
  form: 'url' | 'bare';
  port: number;
}

export interface Tokens {
  token: string;
  /** If present (Cloud PBX, P-Series), `refresh` keeps the session alive instead of `heartbeat`. */
  refreshToken?: string;
}

/** What sessions of a family are like. */
export interface SessionRules {
  /** A login tells the PBX where to post its reports. It posts them only while the session lives. */
  loginSubscribes: boolean;
  /** No response says whether this is so: the condition under which the PBX posts reports, beginning with "if". */
  reportsIf?: string;
  /**
   * A refresh token replaces a token that has died, too, until it is this old. Each token counts, so there is only one
   * refresh at a time. Absent if a refresh only prolongs a token that is alive.
   */
  refreshTokenLifeMs?: number;
  /**
   * How long to wait after each refusal in a row that may have nothing to do with the credentials (`isDoubtful`). The next
   * one counts as a refusal of them. Absent if the family has no such refusals.
   */
  doubtfulHoldsMs?: readonly number[];
}

export interface RecordingSource {
  /** Has to be read to its end or destroyed. */
  body: Readable;
  /** Offset in the file at which the body starts: the requested one, or 0 if the PBX ignores ranges. */
  start: number;
  /** Size of the complete file, if the PBX states it. */
  totalBytes: number | undefined;
  /** Limit for the complete file. A body that exceeds it fails with `recordingTooLarge`. */
  maxBytes?: number;
  /** The body was compressed on the way. Such a download cannot be resumed: a range would count compressed bytes. */
  isDecoded?: boolean;
  /** The name under which the PBX delivers the file. Its format may be another one, too. */
  deliveredName?: string;
  /** Throws the failure that the PBX reports by JSON instead of a recording. Returns if the JSON reports none. */
  readFailure?: (json: string) => void;
}

/** The calls that a call log lists, by their start: PBX-local `yyyy-MM-dd HH:mm:ss`, both ends included. */
export interface CdrWindow {
  starttime: string;
  endtime: string;
}

/** A row of a call log that cannot be used; the header is row 1. */
export interface UnreadableRow {
  row: number;
  /** Never quotes the row. */
  problem: string;
}

export interface ListOptions {
  /** The PBX's IANA time zone. */
  timeZone: string;
  /** Epoch ms. */
  now: number;
  signal: AbortSignal;
  /** For the list to arrive completely. */
  timeoutMs: number;
}

/** The recordings that a PBX lists in a window. */
export interface Listing {
  /** By name, in the order of the PBX. */
  recorded: Map<string, Recorded>;
  /** Rows that cannot be used, and the first of them. */
  unreadable: number;
  unreadableRows: UnreadableRow[];
}

/** The rows that a person gets to see. A PBX may send any number of them. */
export const MAX_UNREADABLE_ROWS = 20;

/**
 * The API of a PBX family. Every call rejects with an `ArchiveError` whose `kind` classifies the failure. No call is
 * retried here.
 */
export interface PbxClient {
  readonly rules: SessionRules;
  login(
    credentials: Pick<Credentials, 'username' | 'password'>,
    subscription: Subscription,
    signal?: AbortSignal,
  ): Promise<Tokens>;
  /** Keeps a token alive, where a call can. Rejects if it is dead. */
  heartbeat(token: string, subscription: Subscription, signal?: AbortSignal): Promise<void>;
  refresh(refreshToken: string, signal?: AbortSignal): Promise<Tokens>;
  /** Ends a token. */
  logout(token: string, signal?: AbortSignal): Promise<void>;
  /**
   * Starts the download of a recording. With `from`, requests only the bytes from that offset on; rejects with
   * `pbx-bad-range` if the PBX sends others.
   */
  openRecording(
    token: string,
    recording: string,
    signal?: AbortSignal,
    from?: number,
  ): Promise<RecordingSource>;
  /** The recordings that the PBX knows of the calls in a window. Read to the end before it resolves. */
  listRecordings(token: string, window: CdrWindow, options: ListOptions): Promise<Listing>;
  /**
   * What the PBX says about itself: its model (`devicename`), `edition`, `sn`, `firmwarever`, `systemtime` as it shows
   * it, and `timestamp` in Unix seconds. `renewsCertificate` is true if its certificate is replaced every few weeks, so
   * that nobody should pin it. Any of these may be absent.
   */
  deviceInfo(token: string, signal?: AbortSignal): Promise<Record<string, unknown>>;
}

/** The parts of a report that matter to the archive. */
export type Report =
  | { kind: 'recorded-call'; recording: string; call: Call }
  | { kind: 'boot-up' }
  | { kind: 'ignored'; event: string }
  /** A person may be able to make something of it. */
  | { kind: 'unreadable'; code: string; reason: string }
  /** Not even its event can be found: nothing can be done with it. */
  | { kind: 'malformed' };

export const unreadable = (code: string, reason: string): Report => ({ kind: 'unreadable', code, reason });

export const FOREIGN =
  'The report has another serial number (sn) than configured for this PBX. If the PBX was replaced, correct ' +
  'serialNumber in cdk.json.';

/** A request to the webhook, as far as it may show that a PBX has sent it. */
export interface ReportRequest {
  /** The last segment of the path. */
  secret: string;
  /** The header `X-Signature`. */
  signature: string | undefined;
  /** As received: a signature is one of bytes. */
  body: Buffer;
}

/** How the webhook deals with what a family posts. */
export interface ReportDialect {
  /** What becomes of a report that is not authentic. */
  rejection: 'refused' | 'unauthorized';
  /** What makes a report authentic: any one of these. */
  secretsOf(credentials: Credentials): string[];
  /** The field of the credentials with the PBX's own secret. Absent if the secret is one that the stack generated. */
  secretField?: string;
  /** Compares in constant time. The body has not been read yet. */
  isAuthentic(request: ReportRequest, secret: string): boolean;
  /** The reports in a body. */
  split(body: string): string[];
  /** Never throws: `unreadable` is a result like the others. Reasons name fields, never values. */
  read(report: string, serialNumber: string | undefined): Report;
  /** What a person has to enter in the PBX so that it posts reports to a host. Absent if the login configures it. */
  setUp?(hostUrl: string, pbxId: string): string;
  /** Whether this firmware can post reports. Absent if every firmware can. */
  canPost?(firmware: string): boolean;
  /** If reports are rejected: what is probably wrong, and what to do. Has no secret. */
  likelyFault: string;
  /** If no report comes: what only a person can look up in the PBX, as a question. Has no secret. */
  question?(pbxId: string): string;
}
