import { localTime } from '../pbx-time.ts';
import { generateSpeech } from '../speech.ts';
import type { PSeriesCallOptions } from './public-api.ts';
import type { Row } from './recordings.ts';

const RING_SECONDS = 6;

/** A call with its row in the list of recordings, its audio, and event 30012, "Call End Details Notification". */
export function describeCall(call: PSeriesCallOptions, id: number, now: number, timeZone: string) {
  const { talkSeconds = 4, type = 'Internal', from, to } = call;
  const startedAt = call.startedAt ?? now - (talkSeconds + RING_SECONDS) * 1000;
  const callId = `${Math.floor(startedAt / 1000)}.${id}`;
  const timeStart = localTime(startedAt, timeZone);
  const digits = (time: string) => time.replace(/\D/g, '');
  // The recording begins when the call is answered.
  const recordingStart = digits(localTime(startedAt + RING_SECONDS * 1000, timeZone));
  const recording =
    call.recorded === false
      ? ''
      : (call.recordingName ?? `${recordingStart}-${callId}-${from}-${to}-${type}.wav`);
  const bytes =
    recording === ''
      ? Buffer.alloc(0)
      : (call.recording ?? generateSpeech({ seconds: talkSeconds, seed: id }));
  const row: Row = {
    id,
    startedAt,
    uid: `${digits(timeStart)}${id.toString(16).toUpperCase().padStart(5, '0')}`,
    from,
    to,
    seconds: talkSeconds + RING_SECONDS,
    type,
    file: recording,
    size: bytes.length,
    archiveStatus: undefined,
  };
  const report: Record<string, unknown> = {
    call_id: callId,
    time_start: timeStart,
    call_from: from,
    call_to: to,
    call_duration: row.seconds,
    talk_duration: talkSeconds,
    src_trunk_name: type === 'Inbound' ? 'trunk-a' : '',
    dst_trunk_name: ' ',
    pin_code: '',
    status: 'ANSWERED',
    type,
    recording,
    did_number: type === 'Inbound' ? '5550199' : '',
    did_name: '',
    agent_ring_time: 0,
    uid: row.uid,
    call_note_id: '',
    enb_call_note: 4,
    is_display: 1,
    realclidnum: '',
    ...call.fields,
  };
  return { callId, row, bytes, report };
}
