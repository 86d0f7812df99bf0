import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two texts are the same, compared in constant time. */
export const isSameSecret = (one: string, other: string) => timingSafeEqual(sha256(one), sha256(other));

/** Digests have equal lengths, which `timingSafeEqual` requires. */
export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
