import type { Call } from '../jobs/call.ts';
import { isPlainName } from './recording-name.ts';

/** S3 allows 2 KB of user metadata in total. Ten values of this size, a name, a time and `verified-by` stay below that. */
const MAX_VALUE_BYTES = 140;

/**
 * Holds all but the oddest names: at most 255 bytes, of which few need encoding. All of them, in Cyrillic for example,
 * would take up to 765. Only the key has the whole of such a name.
 */
const MAX_NAME_BYTES = 300;

export const CALL_ID = 'call-id';

const FIELDS: Readonly<Record<keyof Call, string>> = {
  callId: CALL_ID,
  from: 'from',
  to: 'to',
  type: 'type',
  status: 'status',
  start: 'start',
  talkSeconds: 'talk-seconds',
  trunk: 'trunk',
  did: 'did',
  serialNumber: 'serial-number',
};

const entries = Object.entries(FIELDS) as [keyof Call, string][];

/** The call as S3 user metadata (`x-amz-meta-*`). Values are percent-encoded where they are not plain ASCII. */
export function encodeCall(call: Call): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [field, name] of entries) {
    const value = call[field];
    if (value !== undefined && value !== '') metadata[name] = encodeValue(value);
  }
  return metadata;
}

/** When the download of a recording began (epoch ms). */
export const encodeOpenedAt = (openedAt: number) => ({ 'opened-at': new Date(openedAt).toISOString() });

/** The name under which the PBX delivered the file, if that is another one than it listed. */
export const encodeDeliveredName = (
  delivered: string | undefined,
  recording: string,
): Record<string, string> =>
  delivered === undefined || delivered === recording ? {} : { 'delivered-as': encodeValue(delivered) };

/** The call, when the recording's download began, and how its completeness was verified. */
export const decodeMetadata = (metadata: Readonly<Record<string, string>>) => ({
  ...decodeCall(metadata),
  openedAt: Date.parse(metadata['opened-at'] ?? '') || undefined,
  verifiedBy: metadata['verified-by'] ?? '',
});

/** The recording's true name, if its key contains it in another form. */
export const encodeName = (recording: string): Record<string, string> =>
  isPlainName(recording) ? {} : { recording: encodeValue(recording, MAX_NAME_BYTES) };

export function decodeCall(metadata: Readonly<Record<string, string>>): Call {
  const call: Call = {};
  for (const [field, name] of entries) {
    const value = metadata[name];
    if (value !== undefined) call[field] = decodeValue(value);
  }
  return call;
}

/** Encodes as much of the value as fits. */
function encodeValue(value: string, maxBytes = MAX_VALUE_BYTES): string {
  const characters = [...value.toWellFormed()].slice(0, maxBytes);
  while (percentEncode(characters).length > maxBytes) characters.pop();
  return percentEncode(characters);
}

/** Headers lose leading and trailing spaces, so those are encoded too. So is `%`, for exact decoding. */
const percentEncode = (characters: string[]) =>
  characters.join('').replace(/[^ !-$&-~]|^ +| +$/gu, encodeURIComponent);

/** A value that another program wrote may contain a bare `%`. It is then returned unchanged. */
function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
