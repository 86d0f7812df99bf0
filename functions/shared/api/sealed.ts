import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Keys for different purposes differ, so that what is sealed for one cannot be opened for another. */
export type Purpose = 'session' | 'cursor' | 'share' | 'opening';

const keyFor = (digest: Buffer, purpose: Purpose) =>
  Buffer.from(hkdfSync('sha256', digest, '', `pbx-recording-archive ${purpose}`, 32));

/**
 * A value that only the API can read and make (AES-256-GCM), as text for URLs and cookies. `digest` is that of the secret
 * from which the key is derived.
 */
export function seal(digest: Buffer, purpose: Purpose, value: unknown): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyFor(digest, purpose), iv);
  const content = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, content, cipher.getAuthTag()]).toString('base64url');
}

/** The sealed value, or `undefined` if the text was not sealed with this secret and for this purpose. */
export function open(digest: Buffer, purpose: Purpose, sealed: string): unknown {
  const bytes = Buffer.from(sealed, 'base64url');
  // Node ignores what is not Base64, so several texts would stand for one value.
  if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== sealed) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', keyFor(digest, purpose), bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const content = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
    return JSON.parse(Buffer.concat([content, decipher.final()]).toString('utf8'));
  } catch {
    return undefined;
  }
}
