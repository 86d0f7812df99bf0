import { randomBytes } from 'node:crypto';
import { sha256 } from '../sha256.ts';

/** What follows `#` in the address of a share: 256 random bits. It is stored nowhere. */
export const createShareToken = (): string => randomBytes(32).toString('base64url');

/** Id of the share that a token opens. It does not lead back to the token: there is too much to guess. */
export const shareIdOf = (token: string): string => sha256(token).toString('hex');
