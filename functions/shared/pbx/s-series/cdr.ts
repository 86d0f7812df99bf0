import * as v from 'valibot';
import type { Call } from '../../jobs/job.ts';

/** Depending on the firmware, numbers are strings or numbers, and unknown values are `null`, empty or absent. */
export const cdrText = v.optional(
  v.pipe(
    v.nullable(v.union([v.string(), v.number(), v.boolean()])),
    v.transform((value) => (value === null || value === '' ? undefined : String(value))),
  ),
);

/** What firmwares write for a call that was not recorded: a flag, a number or a word, never a file's name. */
const NOT_RECORDED = /^\s*(?:[-+]?\d+(?:\.\d+)?|-+|true|false|yes|no|none|null|nil|undefined|n\/?a)\s*$/i;

/** The name of a recording; `undefined` if the call was not recorded. */
export const recordingName = v.pipe(
  cdrText,
  v.transform((name) => (name !== undefined && NOT_RECORDED.test(name) ? undefined : name)),
);

/** A malformed fact must not cost the recording. */
const fact = v.fallback(cdrText, undefined);

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
  sn: cdrText,
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
