import { factsInName } from '../../shared/recording-index/name-facts.ts';

/**
 * The call, as far as the name of its recording says: shares and the access log have nothing else of it. The call id begins
 * with the second in which the call began, so the time is the one in the list of recordings.
 */
export function callInName(recording: string) {
  const { callId = '', from, to } = factsInName(recording);
  const [, seconds] = /^(\d{10})\./.exec(callId) ?? [];
  return seconds === undefined ? undefined : { at: new Date(Number(seconds) * 1000).toISOString(), from, to };
}
