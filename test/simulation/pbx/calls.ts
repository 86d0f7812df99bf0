import type { Misbehaviour } from '../../../infra/simulated-pbx/misbehaviours.ts';
import type { CallOptions } from '../../../infra/simulated-pbx/simulated-pbx.ts';
import type { Random } from '../engine/random.ts';
import { delay } from '../engine/virtual-time.ts';
import type { FaultKind } from '../faults.ts';
import type { ExpectedRecording } from '../invariants/expected-recording.ts';
import type { World } from '../world.ts';
import { drawMisbehaviours, isFinal } from './misbehaviours.ts';
import type { Office } from './office.ts';
import { drawRecording, type RecordingFile } from './recordings.ts';
import { spoilReport } from './spoilt-reports.ts';

const UNFINISHED_FOR_MS = 3_600_000;
const RETRY_MS = 600_000;

/** What the PBX has of a call. */
export interface CallToRecord {
  file: RecordingFile;
  talkSeconds: number;
  misbehaviour?: Misbehaviour[];
  /** One that is used already, or drawn by the caller. */
  name?: string;
  fields?: CallOptions['fields'];
}

/** One call: it is made, recorded and reported. Resolves when the PBX stops repeating its report. */
export async function makeOrdinaryCall(world: World, office: Office, random: Random): Promise<void> {
  const { faults } = world;
  const file = drawRecording(random, faults, office.formats);
  const { bytes, header } = office.deliver(file);
  const misbehaviour = drawMisbehaviours(
    random,
    { ...office, length: bytes.length, knowsItsLength: header === 'right' },
    faults,
  );
  if (random.isTrue(0.05)) {
    const unrecorded = { recorded: false, talkSeconds: 60, fields: office.drawFields(random) } as const;
    const { report } = office.pbx.makeCall({ ...drawNumbers(random), ...unrecorded });
    await office.report(report);
    return;
  }
  const talkSeconds = drawTalkSeconds(random, file);
  const recording = recordCall(world, office, random, { file, talkSeconds, misbehaviour });
  void finishSoon(office, recording, misbehaviour);
  if (faults.isDue('pbx-deleted')) void deleteSoon('pbx-deleted', world, recording, random);
  await reportCall(world, recording, random);
}

/** Makes a call whose recording has the drawn name, and expects it in the archive. */
export function recordCall(
  world: World,
  office: Office,
  random: Random,
  { file, talkSeconds, misbehaviour = [], name, fields }: CallToRecord,
): ExpectedRecording {
  const { bytes, extension } = file;
  const version = office.deliver(file);
  const oddName = random.isTrue(0.15) ? drawOddName(random, extension) : undefined;
  const recordingName = name ?? oddName;
  const { callId, recording, report, start, accounts } = office.pbx.makeCall({
    ...drawNumbers(random),
    talkSeconds,
    type: random.pick(['Internal', 'Inbound', 'Outbound']),
    recording: bytes,
    extension,
    misbehaviour,
    fields: { ...office.drawFields(random), ...fields },
    ...(recordingName !== undefined && { recordingName }),
  });
  world.trace.add(office.id, `call ${callId}, ${bytes.length} bytes, header ${file.header}: ${recording}`);
  const call = { callId, report, start, accounts, isReportSpoilt: false };
  const known = world.checks.recordings.find(office.id, recording);
  if (known !== undefined) {
    known.calls.push(call);
    known.versions.push(version);
    return known;
  }
  // A clock at the beginning of 2000 shows 1999 in the west, which is no date of a recording.
  const isDated = /^20\d{12}-/.test(recording) && recording !== oddName;
  const folder = isDated ? recording.replace(/^(\d{4})(\d\d)(\d\d).*/, '$1/$2/$3') : 'undated';
  const expected: ExpectedRecording = {
    office,
    name: recording,
    key: `recordings/${office.id}/${folder}/${recording}`,
    contentType: version.contentType,
    deliveredAs: office.deliveredAs(recording),
    calls: [call],
    versions: [version],
    due: version,
    ending: 'archived',
    isReported: false,
    isHidden: false,
    isDeleted: false,
    isMovedAway: false,
    mayBeGivenUp: misbehaviour.some((kind) => isFinal(kind, office)),
  };
  world.checks.recordings.expect(expected);
  return expected;
}

/** Reports the latest call of a recording. Returns whether the report was accepted. */
export async function reportCall(
  { faults }: World,
  recording: ExpectedRecording,
  random: Random,
): Promise<boolean> {
  const { office, calls } = recording;
  const call = calls.at(-1);
  if (call === undefined) return false;
  if (office.family === 's-series' && faults.strikes('report-not-json', office.id)) {
    call.isReportSpoilt = true;
    spoilReport(office, call.callId, random);
  }
  const isAccepted = await office.report(call.report);
  if (isAccepted) recording.isReported = true;
  // The call log has it in a year that nobody compares: 2000, or the last day of 1999 west of Greenwich.
  else if (/^(1999|2000)/.test(call.start)) recording.isHidden = true;
  return isAccepted;
}

/** Changes the file on the PBX, as a recorder does that is still writing it. */
export function writeVersion({ office, name, versions }: ExpectedRecording, file: RecordingFile): void {
  versions.push(office.deliver(file));
  office.pbx.writeRecording(name, file.bytes);
}

/** A PBX that is off makes no calls. */
export async function whenOn({ line }: Office): Promise<void> {
  while (line.state === 'off') await delay(RETRY_MS);
}

/** As long as the audio, or a little longer: the PBX counts in whole seconds. */
export function drawTalkSeconds(random: Random, { audioSeconds }: RecordingFile): number {
  if (audioSeconds === undefined) return random.integer(1, 7200);
  return Math.floor(audioSeconds) + random.integer(1, 4);
}

/** Finishes a recording within the day after which the product considers it lost. */
async function finishSoon(
  { pbx }: Office,
  recording: ExpectedRecording,
  misbehaviours: Misbehaviour[],
): Promise<void> {
  if (!misbehaviours.some(({ kind }) => kind === 'not-ready')) return;
  await delay(UNFINISHED_FOR_MS);
  pbx.finishRecording(recording.name);
}

/** A PBX whose disk is full deletes recordings, sometimes before they are downloaded. */
export async function deleteSoon(
  kind: FaultKind,
  { faults }: World,
  recording: ExpectedRecording,
  random: Random,
): Promise<void> {
  const { office, name } = recording;
  await delay(random.pick([0, 0, 10_000, 600_000]));
  faults.note(kind, office.id);
  office.pbx.deleteRecording(name, random);
  recording.isDeleted = true;
}

function drawNumbers(random: Random): { from: string; to: string } {
  const number = () => {
    if (random.isTrue(0.4)) return String(random.integer(1000, 1999));
    const digits = Array.from({ length: 9 }, () => random.integer(0, 9)).join('');
    return random.pick([`+49${digits}`, `0${digits}`, `*66${digits}`, `#31#${digits}`, `030 ${digits}`]);
  };
  return { from: number(), to: number() };
}

/** Names without a date, which have a key all the same. */
function drawOddName(random: Random, extension: string): string {
  const id = random.text(8);
  const name = random.pick([
    `call ${id}`,
    `Übergabe+${id}`,
    `20260631120000-${id}-1001-1002-Internal`,
    `2026-${id} (1)`,
    `通話-${id}`,
    `${id}%2F..%2F#1?x=&y`,
  ]);
  return `${name}.${extension}`;
}
