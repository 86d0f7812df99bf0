import { ArchiveError } from '../errors.ts';
import { parseResponse } from '../pbx/errors.ts';
import type { RiffSizes } from './riff.ts';

/** How much of a recording's start the checks want to see. */
export const HEAD_BYTES = 64 * 1024;

/** How we know that all of the recording arrived; kept in the object's metadata. */
export type VerifiedBy = 'content-length' | 'riff-header' | 'riff-header-unpatched';

/** Everything that says how long the recording is, where it does: the PBX, and the recording itself. */
export interface ExpectedSize {
  totalBytes?: number | undefined;
  riff?: RiffSizes | undefined;
}

/** Fails if the body begins as a message to a reader does, not as audio. */
export function checkIsAudio(head: Buffer): void {
  if (head.length === 0) throw notARecording('nothing');
  const text = readText(head)?.trimStart();
  if (text === undefined) return;
  // The PBX's own failures come in a recording's place, and say why.
  if (text.startsWith('{')) parseResponse(text);
  if (/^[{[]/.test(text)) throw notARecording('JSON');
  throw notARecording(text.startsWith('<') ? 'HTML' : 'text');
}

export function findVerifiedBy({ totalBytes, riff }: ExpectedSize): VerifiedBy[] {
  const evidence: VerifiedBy[] = totalBytes === undefined ? [] : ['content-length'];
  if (riff !== undefined) evidence.push(riff.isPatched ? 'riff-header' : 'riff-header-unpatched');
  return evidence;
}

/**
 * Fails unless all expected sizes agree with the number of bytes received: with `recording-incomplete` if the rest may
 * still come, with `recording-inconsistent` if no further byte could reconcile them.
 */
export function checkIsComplete(bytes: number, { totalBytes, riff }: ExpectedSize): void {
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

/** Enough to tell text from audio. */
const SNIFF_BYTES = 512;

/** Of the ones that text has no use for. */
const CONTROL_CHARACTER = /[^\P{Cc}\t\n\f\r\x80-\x9F]/u;

/** How text may be written, each with what its first bytes are then like. */
const ENCODINGS: readonly { name: string; isLikely: (start: string) => boolean }[] = [
  { name: 'utf-16le', isLikely: (start) => /^(?:\xFF\xFE|[\t\n\r -~]\0)/.test(start) },
  { name: 'utf-16be', isLikely: (start) => /^(?:\xFE\xFF|\0[\t\n\r -~])/.test(start) },
  { name: 'utf-8', isLikely: () => true },
  // Of the old encodings, none of which can be told by its bytes, most letters are ASCII's.
  { name: 'latin1', isLikely: (start) => /^\s*[<[{]/.test(start) || isMostlyAscii(start) },
];

/**
 * What a body says that begins as text does; `undefined` for audio, which has control characters early on, whatever
 * its first byte looks like.
 */
export function readText(head: Buffer): string | undefined {
  const start = head.subarray(0, SNIFF_BYTES);
  const raw = start.toString('latin1');
  const encoding = ENCODINGS.find(({ name, isLikely }) => isLikely(raw) && isText(start, name));
  return encoding && new TextDecoder(encoding.name).decode(head);
}

function isText(start: Buffer, encoding: string): boolean {
  try {
    // The last character may have been cut.
    const text = new TextDecoder(encoding, { fatal: true }).decode(start, { stream: true });
    return !CONTROL_CHARACTER.test(text);
  } catch {
    return false;
  }
}

const isMostlyAscii = (start: string) => start.replace(/[^\t\n\r -~]/g, '').length > start.length / 2;
