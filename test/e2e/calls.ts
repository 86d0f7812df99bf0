import assert from 'node:assert/strict';
import type { Archive } from './archive.ts';
import type { AnyPbx, TestCall } from './pbxs.ts';

const MIB = 1024 * 1024;
/** Byte rate of the speech that the simulated PBX makes. */
const BYTES_PER_SECOND = 16_000;
/** Size of the parts of a multipart upload. */
const PART_BYTES = 5 * MIB;

const internal = { from: '1001', to: '1003' };

/** How often the download of the long call is resumed: after the cuts in the second and the third part. */
export const RESUMPTIONS = 2;

/** Two parts and a bit of the third. The first three downloads are cut, each in another part. */
const longCall: TestCall = {
  ...internal,
  talkSeconds: Math.ceil((2 * PART_BYTES + MIB) / BYTES_PER_SECOND),
  misbehaviour: [
    { kind: 'cut', how: 'reset', afterBytes: 2 * MIB },
    { kind: 'cut', how: 'fin', afterBytes: PART_BYTES + 2 * MIB },
    { kind: 'cut', how: 'fin', afterBytes: PART_BYTES + MIB / 2 },
  ],
};

/** Characters that URLs, keys, headers and signatures have to escape, each in its own way. */
const CHARACTERS = ['+', ' ', '*', '#', '%', '%25', '%2B', '?', 'ü', '"', '😀', '&=', '~^{}'];

const named = CHARACTERS.map((characters, index) => ({
  ...internal,
  talkSeconds: 1,
  recordingName: `20260901120000-1788256800.${index}-${characters}-1003-Internal.wav`,
}));

/** Calls whose recordings have to arrive, whatever happens to them on the way. */
export const CALLS: Record<string, TestCall[]> = {
  'several parts, with a cut in each': [longCall],
  'nothing but a header': [{ ...internal, talkSeconds: 0 }],
  'one part': [{ ...internal, talkSeconds: 30 }],
  'not there at first (20014)': [{ ...internal, misbehaviour: [{ kind: 'deleted', times: 1 }] }],
  'a page of HTML at first': [{ ...internal, misbehaviour: [{ kind: 'html-instead-of-audio' }] }],
  'names with special characters': named,
};

/** For a PBX that announces no length. */
export const UNANNOUNCED_CALL: TestCall = { ...internal, talkSeconds: 30 };

/** The session ends before the download, so the function logs in itself. */
export const CALL_WITHOUT_SESSION: TestCall = { ...internal, misbehaviour: [{ kind: 'token-dropped' }] };

/** The only call with this number, from outside. */
export const INBOUND_CALL = { from: '+4930901820', to: '1005', type: 'Inbound', talkSeconds: 3 } as const;

export interface Recording {
  readonly callId: string;
  readonly pbx: string;
  readonly recording: string;
  readonly bytes: Buffer;
}

/** Makes a call and posts its report, which has to be accepted. */
export async function reportCall(pbx: AnyPbx, call: TestCall = internal): Promise<Recording> {
  const { callId, recording, bytes, report } = pbx.makeCall(call);
  const { delivered, answers } = await pbx.postReport(report);
  assert(delivered, `The report was not accepted: ${answers}`);
  return { pbx: pbx.id, callId, recording, bytes };
}

/** A call that nobody reports, because nobody was there to. */
export function missCall(pbx: AnyPbx, startedAt: number): Recording {
  const { callId, recording, bytes } = pbx.makeCall({ ...internal, startedAt });
  return { pbx: pbx.id, callId, recording, bytes };
}

/** Makes calls at the same time, and waits until all their recordings have arrived. */
export const archiveCalls = (pbx: AnyPbx, calls: TestCall[], archive: Archive): Promise<Recording[]> =>
  Promise.all(calls.map((call) => archiveCall(pbx, call, archive)));

async function archiveCall(pbx: AnyPbx, call: TestCall, archive: Archive): Promise<Recording> {
  const recorded = await reportCall(pbx, call);
  await archive.expectRecording(recorded);
  const { misbehaviour = [] } = call;
  const kinds = misbehaviour.map(({ kind }) => kind);
  assert.deepEqual(pbx.misbehavedWith(recorded.recording), kinds, 'The PBX has not misbehaved as it should.');
  return recorded;
}
