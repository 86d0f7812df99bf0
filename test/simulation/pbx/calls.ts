import type { Misbehaviour } from '../../../infra/simulated-pbx/misbehaviours.ts';
import type { Random } from '../engine/random.ts';
import { delay } from '../engine/virtual-time.ts';
import type { ExpectedRecording } from '../invariants/expected-recording.ts';
import type { World } from '../world.ts';
import { drawMisbehaviours, isFinal } from './misbehaviours.ts';
import type { Office } from './office.ts';
import { drawRecording, type RecordingFile } from './recordings.ts';

const REPORT_REPEATS_FOR_MS = 600_000;
const UNFINISHED_FOR_MS = 3_600_000;

/** One call: it is made, recorded and reported. Resolves when the PBX stops repeating its report. */
export async function makeCall(world: World, office: Office, random: Random): Promise<void> {
  const { faults, trace, checks } = world;
  while (office.line.state === 'off') await delay(REPORT_REPEATS_FOR_MS);
  const file = drawRecording(random, faults);
  const { bytes, extension, contentType, header, audioSeconds } = file;
  const circumstances = { length: bytes.length, knowsItsLength: header === 'right', ...office };
  const misbehaviour = drawMisbehaviours(random, circumstances, faults);
  const isNamedOddly = random.isTrue(0.15);
  const { callId, recording, report } = office.pbx.makeCall({
    ...drawNumbers(random),
    talkSeconds: drawTalkSeconds(random, file),
    type: random.pick(['Internal', 'Inbound', 'Outbound']),
    recorded: !random.isTrue(0.05),
    recording: bytes,
    extension,
    misbehaviour,
    fields: drawFields(random),
    ...(isNamedOddly && { recordingName: drawOddName(random, extension) }),
  });
  trace.add(
    office.id,
    `call ${callId}, ${bytes.length} bytes, header ${header}: ${recording || '(not recorded)'}`,
  );
  if (recording !== '') {
    const date = isNamedOddly ? 'undated' : recording.replace(/^(\d{4})(\d\d)(\d\d).*/, '$1/$2/$3');
    const expected: ExpectedRecording = {
      office,
      name: recording,
      key: `recordings/${office.id}/${date}/${recording}`,
      contentType,
      calls: [{ callId, report, isReportSpoilt: false }],
      versions: [{ bytes, header, audioSeconds }],
      isUnrecorded: false,
      isDeleted: false,
      mayBeGivenUp: misbehaviour.some(isFinal),
    };
    checks.recordings.expect(expected);
    void finishSoon(office, expected, misbehaviour);
    if (faults.isDue('pbx-deleted')) void deleteSoon(world, office, expected, random);
  }
  await office.report(report);
}

/** As long as the audio, or a little longer: the PBX counts in whole seconds. */
function drawTalkSeconds(random: Random, { audioSeconds }: RecordingFile): number {
  if (audioSeconds === undefined) return random.integer(1, 7200);
  return Math.floor(audioSeconds) + random.integer(1, 4);
}

/** Finishes a recording within the day after which the product considers it lost. */
async function finishSoon(
  { pbx }: Office,
  recording: ExpectedRecording,
  misbehaviours: Misbehaviour[],
): Promise<void> {
  const others = misbehaviours.filter(({ kind }) => kind !== 'not-ready');
  if (others.length === misbehaviours.length) return;
  await delay(UNFINISHED_FOR_MS);
  if (!recording.isDeleted) pbx.misbehave(recording.name, ...others);
}

/** A PBX whose disk is full deletes recordings, sometimes before they are downloaded. */
async function deleteSoon(
  { faults }: World,
  { id, pbx }: Office,
  recording: ExpectedRecording,
  random: Random,
): Promise<void> {
  await delay(random.pick([0, 0, 10_000, 600_000]));
  faults.note('pbx-deleted', id);
  pbx.deleteRecording(recording.name, random.pick(['20012', '20014'] as const));
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

/** Firmware versions write report fields differently. */
function drawFields(random: Random): Record<string, unknown> {
  return random.pick([
    {},
    {},
    { callto: random.integer(1000, 9999) },
    { didnumber: '4930123456' },
    { srctrunkname: 'Büro "Süd", Leitung 1' },
    { agentringtime: undefined },
  ]);
}
