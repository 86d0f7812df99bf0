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
  /** Bytes, where the PBX says so. */
  contentLength: number | undefined;
}

/**
 * A PBX family's API. Every call fails with an `ArchiveError` whose `action` says what to do; none
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
  /** Asks for a fresh random string (30 s, one use) and starts the download with it at once. */
  openRecording(token: string, recording: string, signal?: AbortSignal): Promise<RecordingSource>;
  /** Model, firmware and serial number, as the PBX tells them. */
  deviceInfo(token: string, signal?: AbortSignal): Promise<Record<string, unknown>>;
}
