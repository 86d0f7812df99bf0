import { ArchiveError } from '../errors.ts';
import { recordingEmpty } from '../pbx/errors.ts';
import { trimPadding } from '../pbx/padding.ts';

/** How much of a recording's start the checks need. */
export const HEAD_BYTES = 64 * 1024;

/**
 * Throws if a body that starts like no audio format starts like JSON, HTML or plain text. `readFailure` throws the failure
 * that the PBX reports by JSON, if it does.
 */
export function checkIsNoText(head: Buffer, readFailure: (json: string) => void = () => {}): void {
  if (isPadding(head)) throw recordingEmpty();
  const decoded = decodeText(withoutNuls(head));
  if (decoded === undefined) return;
  const text = trimPadding(decoded);
  // Instead of a recording, the PBX may send a JSON failure with an error number.
  if (text.startsWith('{')) readFailure(text);
  if (/^[{[]/.test(text)) throw notARecording('JSON');
  throw notARecording(text.startsWith('<') ? 'HTML' : 'text');
}

/** Blanks, line breaks or NULs, and nothing else: what a server without a file sends as an empty line or buffer. */
const isPadding = (head: Buffer) => head.length <= SNIFF_BYTES && trimPadding(head.toString('latin1')) === '';

const notARecording = (what: string) =>
  new ArchiveError('not-a-recording', `The PBX sent ${what} instead of a recording.`);

/** Enough to distinguish text from audio. */
const SNIFF_BYTES = 512;

/** Only the control characters that do not occur in text. */
const CONTROL_CHARACTERS = /[^\P{Cc}\t\n\f\r\x80-\x9F]/gu;

/** Text for a terminal, or damaged text, has some all the same. In random ASCII, a quarter would be. */
const MAX_CONTROL_SHARE = 0.2;

/** Longer text has blanks. Quiet audio without a header may consist of a few letters. */
const LONGEST_WORD = 64;

/**
 * Encodings in which text may be sent, each with a test of its first bytes. Nearly all bytes are text in UTF-16 and in the
 * 8-bit encodings, which cannot be told apart, so these take more than that.
 */
const ENCODINGS: readonly { name: string; isLikely: (start: string) => boolean }[] = [
  {
    name: 'utf-16le',
    isLikely: (start) => /^(?:\xFF\xFE|(?:\s\0)*[<[{]\0|(?:[\t\n\r -~]\0){4})/.test(start),
  },
  {
    name: 'utf-16be',
    isLikely: (start) => /^(?:\xFE\xFF|(?:\0\s)*\0[<[{]|(?:\0[\t\n\r -~]){4})/.test(start),
  },
  { name: 'utf-8', isLikely: (start) => start.length <= LONGEST_WORD || /[\s\x80-\xFF]/.test(start) },
  { name: 'latin1', isLikely: (start) => /^\s*[<[{]/.test(start) || hasAsciiWords(start) },
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

/**
 * Without the NULs before a text, and without what follows it in the buffer that a C program sent: NULs, or a NUL and
 * what was in the buffer before. Otherwise unchanged.
 */
function withoutNuls(head: Buffer): Buffer {
  const start = head.findIndex((byte) => byte !== 0);
  const end = head.indexOf(0, start);
  if (start < 0 || (start === 0 && end < 0)) return head;
  const text = head.subarray(start, end < 0 ? head.length : end);
  // In UTF-16, every other byte of a text may be NUL.
  if (text.length === 1) return head;
  const isMarkup = /^\s*[<{[]/.test(text.toString('latin1', 0, SNIFF_BYTES));
  return isMarkup || isAllZero(head.subarray(start + text.length)) ? text : head;
}

const isAllZero = (bytes: Buffer) => bytes.every((byte) => byte === 0);

function isText(start: Buffer, encoding: string): boolean {
  try {
    // The last character may be truncated.
    const text = new TextDecoder(encoding, { fatal: true }).decode(start, { stream: true });
    const controls = text.match(CONTROL_CHARACTERS)?.length ?? 0;
    return controls <= Math.max(1, MAX_CONTROL_SHARE * text.length);
  } catch {
    return false;
  }
}

function hasAsciiWords(start: string): boolean {
  const share = (pattern: RegExp) => (start.match(pattern)?.length ?? 0) / start.length;
  return share(/[\t\n\r -~]/g) > 0.5 && share(/\s/g) > 0.05;
}
