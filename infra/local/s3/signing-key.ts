import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const sha256Hex = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text, 'latin1').digest();

/** Signs for one day, Region and service: `scope` is `20261130/eu-central-1/s3/aws4_request`. */
export function createSigner({ secretAccessKey }: Credentials, scope: string): (text: string) => string {
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return (text) => hmac(key, text).toString('hex');
}

/** Compares in a time that tells nothing of where two signatures differ. */
export function signaturesMatch(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
