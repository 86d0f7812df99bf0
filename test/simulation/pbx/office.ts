import type { CallOptions } from '../../../infra/simulated-pbx/calls.ts';
import type { Misbehaviour } from '../../../infra/simulated-pbx/misbehaviours.ts';
import type { Ranges } from '../../../infra/simulated-pbx/ranges.ts';
import type { Random } from '../engine/random.ts';
import type { FaultKind } from '../faults.ts';
import type { Account } from '../invariants/expected-recording.ts';
import type { World } from '../world.ts';
import type { Incident } from './incidents.ts';
import type { Line } from './line.ts';
import type { Format, RecordingFile } from './recordings.ts';
import type { Story } from './stories.ts';

export const FAMILIES = ['s-series', 'p-series'] as const;
export type Family = (typeof FAMILIES)[number];

/** A call of which the PBX gets a file; of an unrecorded one, it gets none. */
export type CallToMake = Pick<CallOptions, 'from' | 'to' | 'type' | 'fields'> & {
  talkSeconds: number;
} & ({ recorded: false } | RecordedCallToMake);

interface RecordedCallToMake {
  recorded?: true;
  recording: Buffer;
  extension: string;
  misbehaviour: Misbehaviour[];
  recordingName?: string;
}

export interface MadeCall {
  callId: string;
  /** The name of the recording. */
  recording: string;
  report: Record<string, unknown>;
  /** When it began, by the clock of the PBX: `yyyy-MM-dd HH:mm:ss`. */
  start: string;
  accounts: Account[];
}

/** What happens to a PBX, whatever its family. */
export interface OfficePbx {
  makeCall(call: CallToMake): MadeCall;
  /** Makes a recording ready that was not. */
  finishRecording(recording: string): void;
  deleteRecording(recording: string, random: Random): void;
  writeRecording(recording: string, bytes: Buffer): void;
  takeStorageAway(random: Random): void;
  returnStorage(): void;
  /** Something goes wrong with the next look into what the PBX has recorded. */
  spoilCallLog(random: Random): void;
  mendCallLog(): void;
  reboot(): Promise<unknown>;
  dropTokens(): void;
  setPassword(password: string): void;
  /** Somebody else with our address tries a password. */
  guessPassword(): void;
  /** Resolves to whether the report was accepted. */
  postReport(report: Record<string, unknown>): Promise<boolean>;
  postGarbage(): Promise<unknown>;
}

/** A PBX, and everything that belongs to it on both sides. */
export interface Office {
  readonly id: string;
  readonly family: Family;
  readonly pbx: OfficePbx;
  readonly line: Line;
  readonly contentLength: boolean;
  readonly ranges: Ranges;
  readonly names: { credentialsSecret: string; sessionSecret: string; queueName: string };
  /** Its entry in the registry of PBXs. */
  readonly settings: Record<string, unknown>;
  /** What it records. */
  readonly formats: readonly Format[];
  /** The error numbers that it may send instead of a recording, and those that end a job. */
  readonly errnos: readonly string[];
  readonly finalErrnos: readonly string[];
  /** Its list of recordings says how long the parties talked, and has those that were deleted. */
  readonly hasCallLog: boolean;
  /** Incidents and stories that only its family has. */
  readonly incidents: Partial<Record<FaultKind, Incident>>;
  readonly stories: Partial<Record<FaultKind, Story>>;
  /** The offset of the PBX's clock from the true time, and when it was last changed (true time). */
  clock: { offsetMs: number; changedAt: number };
  /** Runs that kept its session, and those that found its clock wrong. */
  sessionRuns: { up: number; clockWrong: number };
  isBootUpLost: boolean;
  /** A download of its call log was cut in the middle. */
  isCallLogCut: boolean;
  /** What becomes of a report on its way out of the PBX. */
  spoilReport: (json: string) => string;
  /** The fields that a firmware writes in its own way. */
  drawFields(random: Random): Record<string, unknown>;
  /** What the PBX sends for a file. */
  deliver(file: RecordingFile): RecordingFile;
  /** The name under which it sends the file, if it is another one. */
  deliveredAs(recording: string): string | undefined;
  /** Sends a report like the PBX, until it is accepted or the PBX gives up. Returns whether it was accepted. */
  report(report: Record<string, unknown>): Promise<boolean>;
  enterCredentials(changes: Partial<{ password: string; webhookSecret: string }>): void;
}

export const TIME_ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Sydney',
  'Asia/Kathmandu',
] as const;

/** What the offices of all families have in common. */
export function startOffice({ aws, checks }: World, id: string, random: Random) {
  const names = {
    credentialsSecret: `pbx/${id}`,
    sessionSecret: `session/${id}`,
    queueName: `recordings-${id}`,
  };
  aws.secrets.set(names.sessionSecret, '{"nonce":"generated"}');
  return {
    names,
    clock: { offsetMs: 0, changedAt: Number.NEGATIVE_INFINITY },
    sessionRuns: { up: 0, clockWrong: 0 },
    isBootUpLost: false,
    isCallLogCut: false,
    newSecret(): string {
      const secret = random.text(32);
      checks.logs.addSecret(secret);
      return secret;
    },
    /** Adds to what the secret with the credentials contains. */
    saveCredentials(changes: Readonly<Record<string, string>>): void {
      for (const secret of Object.values(changes)) checks.logs.addSecret(secret);
      const before = JSON.parse(aws.secrets.get(names.credentialsSecret) || '{}');
      aws.secrets.set(names.credentialsSecret, JSON.stringify({ ...before, ...changes }));
    },
  };
}
