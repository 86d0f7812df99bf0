import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Compression } from './compression.ts';
import type { Errno } from './errno.ts';
import type { PbxEvent } from './events.ts';
import type { Misbehaviours } from './misbehaviours.ts';
import type { Randoms } from './randoms.ts';
import type { Ranges } from './ranges.ts';
import type { Body, Sessions } from './sessions.ts';
import type { Storage } from './storage.ts';

/** `v0.0.1`: of OpenVox. */
export type ApiVersion = 'v1.1.0' | 'v2.0.0' | 'v0.0.1';

/** The parts of a PBX that its API works on. */
export interface PbxParts {
  apiVersion: ApiVersion;
  serialNumber: string;
  timeZone: string;
  contentLength: boolean;
  compression: Compression;
  /** Turns the call log as the guide has it into the one that is sent. */
  writeCdrs: (csv: string) => string;
  /** Behind each JSON response. */
  padding: string;
  /** While the disk with the recordings is away: how requests for them are refused. */
  readonly storageErrno: Errno | undefined;
  ranges: Ranges;
  refreshTokens: boolean;
  now: () => number;
  sessions: Sessions;
  randoms: Randoms;
  misbehaviours: Misbehaviours;
  storage: Storage;
  emit: (event: PbxEvent) => void;
  /** Method and path of every request so far. */
  requests: string[];
  reset: (socket: Socket) => void;
}

export interface ApiRequest {
  /** The part of the path after `/api/{version}/`. */
  path: string;
  query: Map<string, string>;
  body: Body;
  /** The `Range` header, unchanged. */
  range: string | undefined;
  token: string;
  /** The caller's IP address. */
  address: string;
  response: ServerResponse;
}
