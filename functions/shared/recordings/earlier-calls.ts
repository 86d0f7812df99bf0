import type { Call } from '../jobs/call.ts';
import { sha256 } from '../sha256.ts';
import { CALL_ID, encodeCall } from './metadata.ts';

/**
 * Calls whose recordings have had the same name share a marker. It belongs to the last one that ended, and lists the
 * earlier ones whose endings are settled, newest first: `DIGEST-SECONDS`, a digest of the call id and when their marker
 * was written.
 */
const EARLIER_CALLS = 'earlier-calls';

/** So that the metadata stays below the 2 KB that S3 allows. */
const MAX_EARLIER_CALLS = 10;

type Metadata = Readonly<Record<string, string>>;

/** Whether a marker belongs to a call. Not every report or list has a call id. Without one, the name has to do. */
export function isOfCall(marked: Metadata, call: Call): boolean {
  const [known, asked] = [marked[CALL_ID], callIdOf(call)];
  return known === undefined || asked === undefined || known === asked;
}

/** When the marker of an earlier call was written (epoch ms, in whole seconds). */
export const findEarlierCall = (marked: Metadata, call: Call): number | undefined =>
  readEarlier(marked).get(digestOf(callIdOf(call)));

/**
 * The metadata for the marker of `call` that replaces another one.
 *
 * @param settledAt when that one was written (epoch ms), if its ending is settled. 0 if something remains to be done
 * for its call
 */
export function noteEarlierCalls(
  replaced: Metadata,
  settledAt: number,
  call: Call,
): { [EARLIER_CALLS]?: string } {
  const isAnother = settledAt > 0 && !isOfCall(replaced, call);
  const newest = isAnother ? [[digestOf(replaced[CALL_ID]), settledAt] as const] : [];
  // First because a Map keeps a key where it first was, and again last because the last value of a key counts.
  const calls = new Map([...newest, ...readEarlier(replaced), ...newest]);
  calls.delete(digestOf(callIdOf(call)));
  if (calls.size === 0) return {};
  const entries = [...calls].map(([digest, at]) => `${digest}-${Math.floor(at / 1000)}`);
  return { [EARLIER_CALLS]: entries.slice(0, MAX_EARLIER_CALLS).join(' ') };
}

/** When the calls' markers were written, by the digests of their ids. */
function readEarlier(marked: Metadata): Map<string, number> {
  const entries = marked[EARLIER_CALLS]?.split(' ') ?? [];
  return new Map(
    entries.map((entry) => {
      const [digest = '', seconds] = entry.split('-');
      return [digest, 1000 * Number(seconds)];
    }),
  );
}

/** The call id as it stands in metadata, where a long one is cut; `undefined` if the call has none. */
const callIdOf = (call: Call): string | undefined => encodeCall(call)[CALL_ID];

const digestOf = (callId = '') => sha256(callId).toString('hex', 0, 4);
