import { createHash, randomBytes } from 'node:crypto';

/** What follows `#` in the address of a share: 256 random bits. It is stored nowhere. */
export const createShareToken = (): string => randomBytes(32).toString('base64url');

/** Id of the share that a token opens. It does not lead back to the token: there is too much to guess. */
export const shareIdOf = (token: string): string => createHash('sha256').update(token).digest('hex');
