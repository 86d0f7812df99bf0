import { ArchiveError } from '../shared/errors.ts';
import { parseReply } from '../shared/pbx/reply.ts';
import { readText } from './read-text.ts';
import type { RiffSizes } from './riff.ts';

/** How much of a recording's start the checks want to see. */
export const HEAD_BYTES = 64 * 1024;

/** How we know that all of the recording arrived; kept in the object's metadata. */
export type Evidence = 'content-length' | 'riff-header' | 'riff-header-unpatched';

/** Everything that says how long the recording is, where it does: the PBX, and the recording itself. */
export interface Witnesses {
  totalBytes?: number | undefined;
  riff?: RiffSizes | undefined;
}

/** Fails if the body begins as a message to a reader does, not as audio. */
export function checkIsAudio(head: Buffer): void {
  if (head.length === 0) throw notARecording('nothing');
  const text = readText(head)?.trimStart();
  if (text === undefined) return;
  // The PBX's own failures come in a recording's place, and say why.
  if (text.startsWith('{')) parseReply(text);
  if (/^[{[]/.test(text)) throw notARecording('JSON');
  throw notARecording(text.startsWith('<') ? 'HTML' : 'text');
}

export function findEvidence({ totalBytes, riff }: Witnesses): Evidence[] {
  const evidence: Evidence[] = totalBytes === undefined ? [] : ['content-length'];
  if (riff !== undefined) evidence.push(riff.isPatched ? 'riff-header' : 'riff-header-unpatched');
  return evidence;
}

/**
 * Fails unless all witnesses agree with the number of bytes received: with `recording-incomplete` if the rest may
 * still come, with `recording-inconsistent` if no further byte could reconcile them.
 */
export function checkIsComplete(bytes: number, { totalBytes, riff }: Witnesses): void {
  const expected = totalBytes ?? riff?.totalBytes ?? riff?.audioEndsAt ?? bytes;
  if (bytes < expected) throw incomplete(bytes, expected);
  if (totalBytes !== undefined && bytes > totalBytes) {
    throw inconsistent(`${bytes} bytes came, the PBX announced ${totalBytes}`);
  }
  if (riff === undefined) return;
  // A file of odd size may be padded by one byte that the header does not count.
  const isWhole =
    riff.totalBytes === undefined ||
    bytes === riff.totalBytes ||
    bytes === riff.totalBytes + (riff.totalBytes % 2);
  if (!isWhole || bytes < riff.audioEndsAt) {
    throw inconsistent(`${bytes} bytes came, the RIFF header says ${riff.totalBytes ?? riff.audioEndsAt}`);
  }
}

const notARecording = (what: string) =>
  new ArchiveError('not-a-recording', `The PBX sent ${what} in the recording's place.`);

const incomplete = (bytes: number, expected: number) =>
  new ArchiveError(
    'recording-incomplete',
    `The recording is not complete: ${bytes} bytes of ${expected} came.`,
  );

const inconsistent = (detail: string) =>
  new ArchiveError('recording-inconsistent', `The recording's sizes contradict each other: ${detail}.`);
