import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import * as v from 'valibot';

/**
 * 16 MiB and a moment for each passcode, which a function with 256 MB has. More would protect little: a share accepts few
 * wrong passcodes, and somebody who reads the table finds no token in it to use a passcode with.
 */
const COST: ScryptOptions = { N: 2 ** 14, r: 8, p: 1 };
const BYTES = 32;

/** Both in Base64. */
export const hashedPasscodeSchema = v.object({ salt: v.string(), hash: v.string() });
export type HashedPasscode = v.InferOutput<typeof hashedPasscodeSchema>;

export async function hashPasscode(passcode: string): Promise<HashedPasscode> {
  const salt = randomBytes(16);
  const hash = await derive(passcode, salt);
  return { salt: salt.toString('base64'), hash: hash.toString('base64') };
}

const NO_PASSCODE: HashedPasscode = { salt: '', hash: Buffer.alloc(BYTES).toString('base64') };

/** Takes as long without a passcode to compare with, so that nobody learns whether there is one. */
export async function isPasscode(candidate: string, hashed: HashedPasscode | undefined): Promise<boolean> {
  const { salt, hash } = hashed ?? NO_PASSCODE;
  const derived = await derive(candidate, Buffer.from(salt, 'base64'));
  return timingSafeEqual(derived, Buffer.from(hash, 'base64')) && hashed !== undefined;
}

const scryptAsync = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** Devices may send one character in different ways, such as `ü` as one code point or as two. */
const derive = (passcode: string, salt: Buffer) => scryptAsync(passcode.normalize('NFC'), salt, BYTES, COST);
