import type { Recorded } from '../call-log/merge-call-rows.ts';
import type { Credentials } from './family-settings.ts';
import type { RecordingSource } from './recording-source.ts';

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
  /** Whether the PBX posts reports while this session lives, if its response to the login says so. */
  postsReports?: boolean;
}

/** What sessions of a family are like. */
export interface SessionRules {
  /** A login tells the PBX where to post its reports. It posts them only while the session lives. */
  loginSubscribes: boolean;
  /** The condition under which the PBX posts reports, beginning with "if". `Tokens` may say whether it is met. */
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
 * The API of a PBX family. Besides it, the rest of the product knows only `ReportDialect`, `Obstacle` and settings of a
 * family; docs/architecture.md says how to add one. Every call rejects with an `ArchiveError` whose `kind` classifies the
 * failure. No call is retried here.
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
