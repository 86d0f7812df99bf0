import { createHmac } from 'node:crypto';
import type { Row } from './recordings.ts';

/** How `msg` arrives: as a string that holds JSON, as an object, or in turn. */
export type MessageForm = 'text' | 'object';

export function describeEvent(
  type: number,
  serialNumber: string,
  message: object,
  form: MessageForm,
): string {
  const msg = form === 'text' ? JSON.stringify(message) : message;
  return JSON.stringify({ type, sn: serialNumber, msg });
}

/** Event 30012, "Call End Details Notification". */
export function describeCallEnd(
  row: Row,
  { callId, timeStart, talkSeconds }: { callId: string; timeStart: string; talkSeconds: number },
): Record<string, unknown> {
  return {
    call_id: callId,
    time_start: timeStart,
    call_from: row.from,
    call_to: row.to,
    call_duration: row.seconds,
    talk_duration: talkSeconds,
    src_trunk_name: row.type === 'Inbound' ? 'trunk-a' : '',
    dst_trunk_name: ' ',
    pin_code: '',
    status: 'ANSWERED',
    type: row.type,
    recording: row.file,
    did_number: row.type === 'Inbound' ? '5550199' : '',
    did_name: '',
    agent_ring_time: 0,
    uid: row.uid,
    call_note_id: '',
    enb_call_note: 4,
    is_display: 1,
    realclidnum: '',
  };
}

/** `X-Signature`: Base64 of the HMAC-SHA256 over the body, with the characters of the secret as the key. */
export const sign = (body: string | Buffer, secret: string) =>
  createHmac('sha256', secret).update(body).digest('base64');
