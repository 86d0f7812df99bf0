import { ArchiveError } from '../errors.ts';
import { parseResponse } from '../pbx/errors.ts';
import { trimPadding } from '../pbx/padding.ts';
import type { RiffSizes } from './riff.ts';

/** How much of a recording's start the checks need. */
export const HEAD_BYTES = 64 * 1024;

/** How the completeness of a recording was verified; stored in the object's metadata. */
export type VerifiedBy = 'content-length' | 'riff-header' | 'riff-header-unpatched';

/** The sizes we were told to expect, by the PBX and by the file's own header. */
export interface ExpectedSize {
  totalBytes?: number | undefined;
  riff?: RiffSizes | undefined;
}

/** Throws if the body starts like JSON, HTML or plain text instead of audio. */
export function checkIsAudio(head: Buffer): void {
  if (head.length === 0) throw notARecording('nothing');
  const decoded = decodeText(head) ?? decodeText(withoutNuls(head));
  if (decoded === undefined) return;
  const text = trimPadding(decoded);
  // Instead of a recording, the PBX may send a JSON failure with an error number.
  if (text.startsWith('{')) parseResponse(text);
  if (/^[{[]/.test(text)) throw notARecording('JSON');
  throw notARecording(text.startsWith('<') ? 'HTML' : 'text');
}

export function findVerifiedBy({ totalBytes, riff }: ExpectedSize): VerifiedBy[] {
  const verifiedBy: VerifiedBy[] = totalBytes === undefined ? [] : ['content-length'];
  if (riff !== undefined) verifiedBy.push(riff.isPatched ? 'riff-header' : 'riff-header-unpatched');
  return verifiedBy;
}

/**
 * Throws unless all expected sizes match the number of bytes received: `recording-incomplete` if bytes are missing,
 * `recording-inconsistent` if the sizes contradict each other.
 */
export function checkIsComplete(bytes: number, { totalBytes, riff }: ExpectedSize): void {
  const expected = totalBytes ?? riff?.totalBytes ?? riff?.audioEndsAt ?? bytes;
  if (bytes < expected) throw incomplete(bytes, expected);
  if (totalBytes !== undefined && bytes > totalBytes) {
    throw inconsistent(`received ${bytes} bytes, but the PBX announced ${totalBytes}`);
  }
  if (riff === undefined) return;
  // A file of odd size may be padded with one byte that the header does not count.
  const isComplete =
    riff.totalBytes === undefined ||
    bytes === riff.totalBytes ||
    bytes === riff.totalBytes + (riff.totalBytes % 2);
  if (!isComplete || bytes < riff.audioEndsAt) {
    const stated = riff.totalBytes ?? riff.audioEndsAt;
    throw inconsistent(`received ${bytes} bytes, but the RIFF header states ${stated}`);
  }
}

const notARecording = (what: string) =>
  new ArchiveError('not-a-recording', `The PBX sent ${what} instead of a recording.`);

const incomplete = (bytes: number, expected: number) =>
  new ArchiveError(
    'recording-incomplete',
    `The recording is incomplete: received ${bytes} of ${expected} bytes.`,
  );

const inconsistent = (detail: string) =>
  new ArchiveError('recording-inconsistent', `The sizes of the recording contradict each other: ${detail}.`);

/** Enough to distinguish text from audio. */
const SNIFF_BYTES = 512;

/** Only the control characters that do not occur in text. */
const CONTROL_CHARACTER = /[^\P{Cc}\t\n\f\r\x80-\x9F]/u;

/** Encodings in which text may be sent, each with a test of its first bytes. */
const ENCODINGS: readonly { name: string; isLikely: (start: string) => boolean }[] = [
  { name: 'utf-16le', isLikely: (start) => /^(?:\xFF\xFE|[\t\n\r -~]\0)/.test(start) },
  { name: 'utf-16be', isLikely: (start) => /^(?:\xFE\xFF|\0[\t\n\r -~])/.test(start) },
  { name: 'utf-8', isLikely: () => true },
  // The 8-bit encodings cannot be told apart, but most of their letters are ASCII.
  { name: 'latin1', isLikely: (start) => /^\s*[<[{]/.test(start) || isMostlyAscii(start) },
];

/**
 * The text of a body that starts like text; `undefined` for audio. Audio has control characters early on, whatever its
 * first byte looks like.
 */
function decodeText(head: Buffer): string | undefined {
  const start = head.subarray(0, SNIFF_BYTES);
  const raw = start.toString('latin1');
  const encoding = ENCODINGS.find(({ name, isLikely }) => isLikely(raw) && isText(start, name));
  return encoding && new TextDecoder(encoding.name).decode(head);
}

/** Without the NULs at the end, which a server may send after a text. Nothing but NULs stays as it is. */
function withoutNuls(head: Buffer): Buffer {
  let end = head.length;
  while (end > 0 && head[end - 1] === 0) end -= 1;
  return end === 0 ? head : head.subarray(0, end);
}

function isText(start: Buffer, encoding: string): boolean {
  try {
    // The last character may be truncated.
    const text = new TextDecoder(encoding, { fatal: true }).decode(start, { stream: true });
    return !CONTROL_CHARACTER.test(text);
  } catch {
    return false;
  }
}

const isMostlyAscii = (start: string) => start.replace(/[^\t\n\r -~]/g, '').length > start.length / 2;
