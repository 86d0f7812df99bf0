import * as v from 'valibot';

/** Facts about the call, exactly as the report states them; absent if it does not. */
export const callSchema = v.object({
  callId: v.optional(v.string()),
  from: v.optional(v.string()),
  to: v.optional(v.string()),
  type: v.optional(v.string()),
  status: v.optional(v.string()),
  /** PBX-local time, without a zone. */
  start: v.optional(v.string()),
  talkSeconds: v.optional(v.string()),
  trunk: v.optional(v.string()),
  did: v.optional(v.string()),
  serialNumber: v.optional(v.string()),
});

export type Call = v.InferOutput<typeof callSchema>;

/**
 * Nobody talked, so the PBX may have named a recording that it never made. Statuses that are not in the vendor's guide
 * may mean anything: there the talk time has to say so.
 */
export function isUnanswered({ status = 'ANSWERED', talkSeconds }: Call): boolean {
  if (/^(?:no[ _-]?answer|busy|failed)$/i.test(status)) return Number(talkSeconds ?? 0) === 0;
  return !/^(?:answered|voicemail)$/i.test(status) && talkSeconds !== undefined && Number(talkSeconds) === 0;
}
