import type { Socket } from 'node:net';
import type { Misbehaviours } from '../misbehaviours.ts';
import type { Ranges } from '../ranges.ts';
import type { Storage } from '../storage.ts';
import type { Downloads } from './downloads.ts';
import type { PSeriesEvent, PSeriesStats } from './public-api.ts';
import type { Row, RowForm } from './recordings.ts';
import type { Tokens } from './tokens.ts';

/** The parts of a PBX that its API works on. */
export interface PSeriesParts {
  serialNumber: string;
  firmware: string;
  timeZone: string;
  startedAt: number;
  allowedAddresses: string[] | undefined;
  contentLength: boolean;
  ranges: Ranges;
  rowForm: RowForm;
  searchTimes: 'epoch' | 'display' | 'ignored';
  delivers: 'wav' | 'mp3' | undefined;
  sendsAudioAtOnce: boolean;
  now: () => number;
  tokens: Tokens;
  downloads: Downloads;
  misbehaviours: Misbehaviours;
  storage: Storage;
  rows: Row[];
  /** How many more requests for a recording get "not found". */
  delayed: Map<string, number>;
  refusals: Map<string, { errcode: number; left: number }>;
  /** What the test has changed. */
  changed: { downloadUrl: string | undefined; isOccupied: boolean; isStorageAway: boolean };
  /** MP3 files that are being sent. */
  mp3Downloads: number;
  stats: PSeriesStats;
  emit: (event: PSeriesEvent) => void;
  reset: (socket: Socket) => void;
}
