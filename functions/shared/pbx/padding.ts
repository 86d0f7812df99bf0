const BLANK = 0x20;
const BYTE_ORDER_MARK = 0xfeff;

/**
 * Removes what embedded servers send around a text: blanks, a byte order mark, and NULs, which end strings in C and fill
 * the buffers that they are sent from.
 */
export function trimPadding(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isPadding(text.charCodeAt(start))) start += 1;
  while (end > start && isPadding(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const isPadding = (unit: number) => unit <= BLANK || unit === BYTE_ORDER_MARK;
