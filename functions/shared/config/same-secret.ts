import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '../sha256.ts';

/** Whether two texts are the same, compared in constant time. Digests have equal lengths, which `timingSafeEqual` requires. */
export const isSameSecret = (one: string, other: string) => timingSafeEqual(sha256(one), sha256(other));
