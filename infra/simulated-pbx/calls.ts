import { localTime } from './pbx-time.ts';

/** A call to make. Numbers may contain `+`, `*`, `#` and spaces. */
export interface CallOptions {
  from: string;
  to: string;
  type?: 'Internal' | 'Inbound' | 'Outbound';
  talkSeconds?: number;
  /** Start of the call, in epoch milliseconds. By default the call ends now. */
  startedAt?: number;
  /** If `false`, there is no recording, and `recording` is empty in the report. */
  recorded?: boolean;
  recordingName?: string;
  /** File extension of a recording without a `recordingName`; `wav` by default. */
  extension?: string;
  /** Content of the file; `talkSeconds` of speech by default. */
  recording?: Buffer;
  /** Report fields to add or replace; `undefined` omits one. */
  fields?: Record<string, unknown>;
}

export interface PbxIdentity {
  serialNumber: string;
  timeZone: string;
  /** The field that names the kind of a report: `action` in API v1, `event` in v2. */
  actionKey: 'action' | 'event';
}

const RING_SECONDS = 2;

/** Builds the `NewCdr` report of a call, with its fields in the order of the guide. `number` counts the calls. */
export function describeCall(call: CallOptions, number: number, now: number, pbx: PbxIdentity) {
  const talkSeconds = call.talkSeconds ?? 4;
  const type = call.type ?? 'Internal';
  const startedAt = call.startedAt ?? now - (talkSeconds + RING_SECONDS) * 1000;
  const callId = `${Math.floor(startedAt / 1000)}.${number}`;
  const timestart = localTime(startedAt, pbx.timeZone);
  const digits = timestart.replace(/\D/g, '');
  const recording =
    call.recorded === false
      ? ''
      : (call.recordingName ??
        `${digits}-${callId}-${call.from}-${call.to}-${type}.${call.extension ?? 'wav'}`);
  const report: Record<string, unknown> = {
    [pbx.actionKey]: 'NewCdr',
    callid: callId,
    timestart,
    callfrom: call.from,
    callto: call.to,
    ...(type === 'Inbound' && { srctrunkname: 'SIP-Trunk' }),
    ...(type === 'Outbound' && { dsttrunkname: 'SIP-Trunk' }),
    // The vendor's own spelling, in reports and CDR files alike.
    callduraction: String(talkSeconds + RING_SECONDS),
    talkduraction: String(talkSeconds),
    status: 'ANSWERED',
    type,
    recording,
    didnumber: '',
    agentringtime: '0',
    sn: pbx.serialNumber,
    ...call.fields,
  };
  for (const [key, value] of Object.entries(report)) if (value === undefined) delete report[key];
  return { callId, recording, report };
}
