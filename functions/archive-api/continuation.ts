import * as v from 'valibot';
import { open, seal } from '../shared/api/sealed.ts';
import type { CachedSecret } from '../shared/config/cached-secret.ts';
import type { ShareRecord } from '../shared/shares/share.ts';

/** How much longer than the recording an opening may go on: for pauses, and for listening slowly. */
const MARGIN_MS = 60 * 60 * 1000;

/**
 * How long an opening may go on if the length of the recording is not known, for example because its header does not
 * state it. Hardly any call is longer, and each link of the opening still needs a share that has not ended.
 */
const UNKNOWN_LENGTH_MS = 4 * 60 * 60 * 1000;

/** The share that was opened, and until when (epoch ms) the opening may go on. */
const openingSchema = v.object({ share: v.string(), until: v.number() });

/** What a recipient gets with an opening, to go on with it after its link has expired. Nothing of it is stored. */
export interface Continuations {
  create(share: ShareRecord): Promise<string>;
  /** Whether it belongs to an opening of this share that may still go on. */
  isValid(continuation: string, share: ShareRecord): Promise<boolean>;
}

export const createContinuations = (secret: CachedSecret, now: () => number): Continuations => ({
  async create({ id, call: { seconds } }) {
    const duration = seconds === undefined ? UNKNOWN_LENGTH_MS : seconds * 1000 + MARGIN_MS;
    const opening = { share: id, until: now() + duration };
    return seal(await secret.digest(), 'opening', opening);
  },
  async isValid(continuation, { id }) {
    const opening = await secret.tryDigests((digest) => {
      const opened = open(digest, 'opening', continuation);
      return v.is(openingSchema, opened) ? opened : undefined;
    });
    return opening !== undefined && opening.share === id && opening.until > now();
  },
});
