import type { Random } from '../engine/random.ts';
import { delay } from '../engine/virtual-time.ts';
import type { FaultKind } from '../faults.ts';
import type { World } from '../world.ts';
import {
  deleteSoon,
  drawTalkSeconds,
  makeOrdinaryCall,
  recordCall,
  reportCall,
  whenOn,
  writeVersion,
} from './calls.ts';
import type { Office } from './office.ts';
import { drawRecording, drawWholeWav, growingWav, type RecordingFile } from './recordings.ts';

export type Story = (world: World, office: Office, random: Random) => Promise<void>;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Calls with which a PBX or a recorder does something unusual. */
const STORIES: Partial<Record<FaultKind, Story>> = {
  'pbx-grows': makeTransferredCall,
  'pbx-name-reused': makeTwoCallsOfOneName,
  'pbx-unanswered': makeUnansweredCall,
  'pbx-file-empty': makeCallWithoutAudio,
  'pbx-recorded-in-part': makeCallRecordedInPart,
};

/** One call of an office, or what belongs together. Resolves when nothing more happens to it. */
export async function makeCall(world: World, office: Office, random: Random): Promise<void> {
  await whenOn(office);
  const [, story = makeOrdinaryCall] =
    Object.entries({ ...STORIES, ...office.stories }).find(([kind]) =>
      world.faults.strikes(kind as FaultKind, office.id),
    ) ?? [];
  await story(world, office, random);
}

/**
 * The PBX reports a call when its first leg ends, and goes on recording. It reports the rest as a call of its own, with
 * the same recording, or it never does: then the first report has the talk time of all.
 */
async function makeTransferredCall(world: World, office: Office, random: Random): Promise<void> {
  const whole = drawWholeWav(random);
  const isReportedTwice = random.isTrue(0.5);
  const style = random.pick(['patched', 'zero', 'placeholder'] as const);
  const stages = drawStages(random, whole.bytes.length).map((length) => growingWav(whole, length, style));
  const [first = whole, ...rest] = stages;
  const talkSeconds = drawTalkSeconds(random, isReportedTwice ? first : whole);
  const recording = recordCall(world, office, random, { file: first, talkSeconds });
  recording.due = isReportedTwice ? undefined : office.deliver(whole);
  const reported = reportCall(world, recording, random);
  for (const stage of rest) {
    await delay(random.integer(10 * SECOND_MS, (isReportedTwice ? 120 : 16) * MINUTE_MS));
    writeVersion(recording, stage);
  }
  await delay(random.integer(10 * SECOND_MS, 16 * MINUTE_MS));
  if (isReportedTwice) {
    await whenOn(office);
    const { name } = recording;
    recordCall(world, office, random, { file: whole, talkSeconds: drawTalkSeconds(random, whole), name });
    if (await reportCall(world, recording, random)) recording.due = office.deliver(whole);
  } else writeVersion(recording, whole);
  const isTold = (await reported) || office.hasCallLog;
  // Nothing says that the file is shorter than the call.
  const isShortnessSeen = isTold && office.deliver(whole).audioSeconds !== undefined;
  if (!isReportedTwice && !isShortnessSeen) recording.due = undefined;
}

/** Lengths of the file while it grows. Each is clearly shorter than the next. */
function drawStages(random: Random, length: number): number[] {
  const count = random.integer(1, 3);
  const step = Math.floor(length / (count + 1));
  return Array.from({ length: count }, (_, index) => 2 * Math.floor((step * (index + 1)) / 2));
}

/** A conference room, or a user, gives each recording the same name. */
async function makeTwoCallsOfOneName(world: World, office: Office, random: Random): Promise<void> {
  const file = drawRecording(random, world.faults, office.formats);
  const recording = recordCall(world, office, random, { file, talkSeconds: drawTalkSeconds(random, file) });
  await reportCall(world, recording, random);
  await delay(random.integer(0, 180 * MINUTE_MS));
  await whenOn(office);
  const second = drawRecordingLike(file, office, world, random);
  const { name } = recording;
  recording.due = undefined;
  recordCall(world, office, random, { file: second, talkSeconds: drawTalkSeconds(random, second), name });
  if (world.faults.isDue('pbx-name-reused-deleted'))
    void deleteSoon('pbx-name-reused-deleted', world, recording, random);
  // The call log alone does not tell that the name stands for something else now.
  if (await reportCall(world, recording, random)) recording.due = recording.versions.at(-1);
}

function drawRecordingLike(
  { extension }: RecordingFile,
  office: Office,
  world: World,
  random: Random,
): RecordingFile {
  const file = drawRecording(random, world.faults, office.formats);
  return file.extension === extension
    ? file
    : drawRecordingLike({ ...file, extension }, office, world, random);
}

/** The PBX names a recording for a call that nobody answered, and makes none, or one of the voicemail. */
async function makeUnansweredCall(world: World, office: Office, random: Random): Promise<void> {
  const file = drawRecording(random, world.faults, office.formats);
  const fields = { status: random.pick(['NO ANSWER', 'BUSY', 'FAILED']) };
  const recording = recordCall(world, office, random, { file, talkSeconds: 0, fields });
  if (random.isTrue(0.8)) {
    office.pbx.deleteRecording(recording.name, random);
    recording.ending = 'not-recorded';
  }
  await reportCall(world, recording, random);
}

/** The recorder created the file, and wrote nothing. */
async function makeCallWithoutAudio(world: World, office: Office, random: Random): Promise<void> {
  const file = { ...drawRecording(random, world.faults, office.formats), bytes: Buffer.alloc(0) };
  const recording = recordCall(world, office, random, { file, talkSeconds: random.integer(1, 600) });
  recording.ending = 'empty';
  await reportCall(world, recording, random);
}

/** Somebody paused the recording, or started it late. */
async function makeCallRecordedInPart(world: World, office: Office, random: Random): Promise<void> {
  const file = drawRecording(random, world.faults, office.formats);
  const talkSeconds = drawTalkSeconds(random, file) + random.integer(60, 600);
  await reportCall(world, recordCall(world, office, random, { file, talkSeconds }), random);
}
