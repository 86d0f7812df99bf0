import { createHmac } from 'node:crypto';
import { type CachedSecret, createCachedSecret } from '../config/cached-secret.ts';
import type { Secrets } from '../config/secrets.ts';
import { ArchiveError } from '../errors.ts';

const MIN_LENGTH = 16;

/** Gives recordings and events ids that say nothing about the phone numbers in the names. */
export interface EventKey {
  /** HMAC-SHA-256, in hex. A plain digest would give the numbers away to anybody who tries them all. */
  digest(text: string): Promise<string>;
}

/** What stands for the recording in all events about it. */
export const recordingIdOf = (key: EventKey, pbx: string, recording: string): Promise<string> =>
  key.digest(JSON.stringify([pbx, recording]));

export function createEventKey(secrets: Secrets, secretName: string, now: () => number): EventKey {
  const secret: CachedSecret = createCachedSecret(async () => {
    const { value } = await secrets.read(secretName);
    if (value.length >= MIN_LENGTH) return value;
    throw new ArchiveError(
      'event-key-missing',
      `The secret ${secretName} must hold at least ${MIN_LENGTH} characters. Enter some at random.`,
    );
  }, now);
  return {
    digest: async (text) =>
      createHmac('sha256', await secret.digest())
        .update(text)
        .digest('hex'),
  };
}
