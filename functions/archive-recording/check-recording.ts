import { ArchiveError } from '../shared/errors.ts';
import { parseReply } from '../shared/pbx/reply.ts';
import { readRiff } from './riff.ts';

/** Enough to tell text from audio. */
const SNIFF_BYTES = 512;

/** How much of a recording's start has to be kept for the checks. */
export const HEAD_BYTES = 64 * 1024;

/** How we know that all of the recording arrived; kept in the object's metadata. */
export type Evidence = 'content-length' | 'riff-header' | 'riff-header-unpatched';

/** Everything that says how long the recording is. */
export interface Witnesses {
  /** The first `HEAD_BYTES` of the body, or all of it. */
  head: Buffer;
  contentLength: number | undefined;
}

/** Fails if the body begins as a message to a reader does, not as audio. */
export function checkIsAudio(head: Buffer): void {
  if (head.length === 0) throw notARecording('nothing');
  const start = head.subarray(0, SNIFF_BYTES);
  const first = /[^\s\xEF\xBB\xBF]/.exec(start.toString('latin1'))?.[0];
  // The PBX's own failures come in a recording's place, and say why.
  if (first === '{') parseReply(head.toString());
  if (first === '{' || first === '[') throw notARecording('JSON');
  if (first === '<') throw notARecording('HTML');
  if (isText(start)) throw notARecording('text');
}

/** Audio has control characters, or bytes that are not UTF-8, early on. */
function isText(start: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true });
    return !/[^\P{Cc}\t\n\r]/u.test(text);
  } catch {
    return false;
  }
}

export function findEvidence({ head, contentLength }: Witnesses): Evidence[] {
  const evidence: Evidence[] = contentLength === undefined ? [] : ['content-length'];
  const riff = readRiff(head);
  if (riff !== undefined) evidence.push(riff.isPatched ? 'riff-header' : 'riff-header-unpatched');
  return evidence;
}

/** Fails unless all witnesses agree with the number of bytes received. */
export function checkIsComplete(bytes: number, { head, contentLength }: Witnesses): void {
  if (contentLength !== undefined && contentLength !== bytes) {
    throw incomplete(`${bytes} bytes came, Content-Length says ${contentLength}`);
  }
  const riff = readRiff(head);
  if (riff === undefined) return;
  const { totalBytes, audioEndsAt } = riff;
  // A file of odd size may be padded by one byte that the header does not count.
  const isWhole = totalBytes === undefined || bytes === totalBytes || bytes === totalBytes + (totalBytes % 2);
  if (!isWhole || bytes < audioEndsAt) {
    throw incomplete(`${bytes} bytes came, the RIFF header says ${totalBytes ?? audioEndsAt}`);
  }
}

const notARecording = (what: string) =>
  new ArchiveError('not-a-recording', `The PBX sent ${what} in the recording's place.`, { action: 'retry' });

const incomplete = (detail: string) =>
  new ArchiveError('recording-incomplete', `The recording is not complete: ${detail}.`, { action: 'retry' });
