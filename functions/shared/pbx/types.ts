import type { Readable } from 'node:stream';

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
  /** If present (Cloud PBX), `refresh` keeps the session alive instead of `heartbeat`. */
  refreshToken?: string;
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
}

/** The calls that a CDR file lists, by their start: PBX-local `yyyy-MM-dd HH:mm:ss`, both ends included. */
export interface CdrWindow {
  starttime: string;
  endtime: string;
}

/**
 * The API of a PBX family. Every call rejects with an `ArchiveError` whose `kind` classifies the failure. No call is
 * retried here.
 */
export interface PbxClient {
  login(
    credentials: { username: string; password: string },
    subscription: Subscription,
    signal?: AbortSignal,
  ): Promise<Tokens>;
  heartbeat(token: string, subscription: Subscription, signal?: AbortSignal): Promise<void>;
  refresh(refreshToken: string, signal?: AbortSignal): Promise<Tokens>;
  /**
   * Requests a random string (valid for 30 s and one use) and starts the download with it at once. With `from`,
   * requests only the bytes from that offset on; rejects with `pbx-bad-range` if the PBX sends others.
   */
  openRecording(
    token: string,
    recording: string,
    signal?: AbortSignal,
    from?: number,
  ): Promise<RecordingSource>;
  /** The same for the CDR file of all extensions; the CSV has to be read to its end or destroyed. */
  openCdrs(token: string, window: CdrWindow, signal?: AbortSignal): Promise<Readable>;
  /** Model, firmware and serial number, as the PBX reports them. */
  deviceInfo(token: string, signal?: AbortSignal): Promise<Record<string, unknown>>;
}
