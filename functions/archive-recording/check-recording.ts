import { ArchiveError } from '../shared/errors.ts';
import { parseReply } from '../shared/pbx/reply.ts';
import { readRiff } from './riff.ts';

/** Enough to tell text from audio. */
const SNIFF_BYTES = 512;

/** Of the ones that text has no use for. */
const CONTROL_CHARACTER = /[^\P{Cc}\t\n\f\r\x80-\x9F]/u;

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
  const text = start.toString('latin1');
  // Audio has control characters early on, whatever its first byte looks like.
  if (CONTROL_CHARACTER.test(text)) return;
  const first = /[^\s\xEF\xBB\xBF]/.exec(text)?.[0];
  // The PBX's own failures come in a recording's place, and say why.
  if (first === '{') parseReply(head.toString());
  if (first === '{' || first === '[') throw notARecording('JSON');
  if (first === '<') throw notARecording('HTML');
  if (isUtf8(start)) throw notARecording('text');
}

/** Whether it is UTF-8, but for a character that may have been cut at the end. */
function isUtf8(start: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true });
    return true;
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
