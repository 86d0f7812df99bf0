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
