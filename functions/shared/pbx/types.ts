import type { Readable } from 'node:stream';

/** Where the PBX is to post its reports. */
export interface Subscription {
  /** With scheme, ending in the webhook's path secret. */
  url: string;
  /** `bare`: the PBX is given the URL without its scheme. */
  form: 'url' | 'bare';
  port: number;
}

export interface Tokens {
  token: string;
  /** Where given (Cloud PBX), the session is kept by `refresh` instead of `heartbeat`. */
  refreshToken?: string;
}

export interface RecordingSource {
  /** Has to be read to its end or destroyed. */
  body: Readable;
  /** The place in the file at which the body begins: the one that was asked for or, where ranges are ignored, 0. */
  start: number;
  /** Of the whole file, where the PBX says so. */
  totalBytes: number | undefined;
}

/** Whose calls a CDR file lists: PBX-local `yyyy-MM-dd HH:mm:ss` of their beginnings, both ends included. */
export interface CdrWindow {
  starttime: string;
  endtime: string;
}

/**
 * A PBX family's API. Every call fails with an `ArchiveError` whose `kind` says what it means; none
 * retries by itself.
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
   * Asks for a fresh random string (30 s, one use) and starts the download with it at once. With `from`, only the
   * bytes from there on are asked for; fails with `pbx-bad-range` when others come.
   */
  openRecording(
    token: string,
    recording: string,
    signal?: AbortSignal,
    from?: number,
  ): Promise<RecordingSource>;
  /** The same for the CDR file of all extensions; the CSV has to be read to its end or destroyed. */
  openCdrs(token: string, window: CdrWindow, signal?: AbortSignal): Promise<Readable>;
  /** Model, firmware and serial number, as the PBX tells them. */
  deviceInfo(token: string, signal?: AbortSignal): Promise<Record<string, unknown>>;
}
