/** `yyyyMMddHHmmss-CALLID-FROM-TO-TYPE.ext` */
const NAME = /^\d{14}-([\d.]+)-(.+)-(Inbound|Outbound|Internal)\b/i;

export interface NameFacts {
  callId?: string;
  type?: string;
  from?: string;
  to?: string;
}

/** Facts about the call from a recording's name, for an object without metadata. A number with hyphens is left out. */
export function factsInName(recording: string): NameFacts {
  const [, callId, parties = '', type] = NAME.exec(recording) ?? [];
  if (callId === undefined || type === undefined) return {};
  const [from, to, ...others] = parties.split('-');
  const areKnown = from && to && others.length === 0;
  return { callId, type, ...(areKnown && { from, to }) };
}
