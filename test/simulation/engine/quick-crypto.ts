import { createHash } from 'node:crypto';

export * from 'node:crypto';

/** The real scrypt is slow by design. */
export const scryptSync = (password: string, salt: string, length: number): Buffer =>
  createHash('sha512').update(salt).update(password).digest().subarray(0, length);
