import * as v from 'valibot';
import type { Call } from '../../jobs/call.ts';
import { fact, plainText, recordingName } from '../fields.ts';

/**
 * A call detail record, as it appears in reports and CDR files. The spellings are those found in the vendor's guides
 * (S-Series v1 and v2, K2, Cloud PBX).
 */
export const cdrSchema = v.object({
  callid: fact,
  timestart: fact,
  callfrom: fact,
  callto: fact,
  callduration: fact,
  callduraction: fact,
  talkduration: fact,
  talkduraction: fact,
  srctrunkname: fact,
  desttrunkname: fact,
  dsttrcunkname: fact,
  dsttrunkname: fact,
  dstrunkname: fact,
  status: fact,
  type: fact,
  recording: recordingName,
  didnumber: fact,
  sn: plainText,
});

export type Cdr = v.InferOutput<typeof cdrSchema>;

export function callOf(cdr: Cdr): Call {
  const facts = {
    callId: cdr.callid,
    from: cdr.callfrom,
    to: cdr.callto,
    type: cdr.type,
    status: cdr.status,
    start: cdr.timestart,
    talkSeconds: cdr.talkduration ?? cdr.talkduraction,
    trunk: cdr.srctrunkname ?? cdr.dsttrunkname ?? cdr.desttrunkname ?? cdr.dstrunkname ?? cdr.dsttrcunkname,
    did: cdr.didnumber,
    serialNumber: cdr.sn,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
