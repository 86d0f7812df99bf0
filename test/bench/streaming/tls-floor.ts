import { once } from 'node:events';
import type { OnReadOpts } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { crc32 } from 'node:zlib';
import type { Transfer } from './transfer.ts';

const PART_BYTES = 6 * 1024 ** 2;
const SLICE_BYTES = 1024 ** 2;

const NOTHING = Buffer.alloc(0);

/**
 * What Node itself takes: the recording's bytes into a buffer, their CRC-32, and out again, by turns, with no HTTP but
 * what makes the servers go on. No program in Node does it with less.
 */
export async function handler({ source, endpoint, bucket, key }: Transfer): Promise<void> {
  const part = Buffer.allocUnsafeSlow(PART_BYTES);
  const buffer = Buffer.allocUnsafeSlow(16 * 1024);
  let filled = 0;
  let isHead = true;
  let isEnded = false;
  /** What TLS had decrypted already when it was told to stop. */
  let held: Buffer = NOTHING;
  let wake = () => {};

  function onRead(count: number): boolean {
    const bytes = buffer.subarray(isHead ? buffer.indexOf('\r\n\r\n') + 4 : 0, count);
    isHead = false;
    const copied = bytes.copy(part, filled);
    filled += copied;
    if (copied < bytes.length) held = Buffer.concat([held, bytes.subarray(copied)]);
    if (filled < PART_BYTES) return true;
    wake();
    return false;
  }

  const from = new URL(source);
  const pbx = open(from, { buffer, callback: onRead });
  pbx.once('end', () => {
    isEnded = true;
    wake();
  });
  const s3 = open(new URL(endpoint));
  await Promise.all([once(pbx, 'secureConnect'), once(s3, 'secureConnect')]);
  pbx.write(`GET ${from.pathname}${from.search} HTTP/1.1\r\nhost: ${from.host}\r\nconnection: close\r\n\r\n`);
  for (let partNumber = 1; partNumber === 1 || !isEnded || filled > 0; partNumber += 1) {
    if (!isEnded) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        pbx.resume();
      });
    }
    crc32(part.subarray(0, filled));
    await put(s3, `/${bucket}/${key}?partNumber=${partNumber}&uploadId=1`, part.subarray(0, filled));
    filled = held.copy(part);
    held = NOTHING;
  }
}

const open = ({ hostname, port }: URL, onread?: OnReadOpts): TLSSocket =>
  connect({ host: hostname, port: Number(port), ...(onread !== undefined && { onread }) });

async function put(s3: TLSSocket, path: string, bytes: Buffer): Promise<void> {
  const answer = once(s3, 'data');
  s3.write(`PUT ${path} HTTP/1.1\r\nhost: s3\r\ncontent-length: ${bytes.length}\r\n\r\n`);
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    await new Promise((resolve) => s3.write(bytes.subarray(start, start + SLICE_BYTES), resolve));
  }
  const [text] = await answer;
  if (!String(text).startsWith('HTTP/1.1 200 ')) throw new Error('The PUT was refused.');
}
