const MAX_NAME_BYTES = 255;

/**
 * Why `name` cannot be used as a recording's name, or `undefined` if it can. The form
 * `yyyyMMddHHmmss-CALLID-FROM-TO-TYPE.ext` is not required. Any name that a PBX's file system allows can be used:
 * `recordingPath` makes it safe.
 */
export function findNameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'it is blank';
  if (!name.isWellFormed()) return 'it is not well-formed Unicode';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `it is longer than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

/** Characters that would change the meaning of a key, a path or a line. */
const UNSAFE = /^\.|[/\\\p{Cc}]/gu;

/** Whether keys contain the name as it is. */
export const isPlainName = (recording: string) => recording.search(UNSAFE) === -1;

/**
 * What keys contain about a recording: `{pbxId}/{yyyy}/{mm}/{dd}/{recording}`, or `{pbxId}/undated/{recording}` if its
 * name has no date. A name with unsafe characters is percent-encoded, and its last folder is `encoded`. Plain names
 * contain no slash, so none of them can have the same path.
 */
export function recordingPath(pbxId: string, recording: string): string {
  const folder = `${pbxId}/${dateFolder(recording) ?? 'undated'}/`;
  return folder + (isPlainName(recording) ? recording : `encoded/${percentEncode(recording)}`);
}

/** `decodeURIComponent` returns the name. */
const percentEncode = (recording: string) =>
  // encodeURIComponent leaves dots as they are.
  recording.replace(/^\.|[%/\\\p{Cc}]/gu, (text) => (text === '.' ? '%2E' : encodeURIComponent(text)));

/** Whether the name says when the recording was made, so that no other one has it. */
export const isDated = (recording: string) => dateFolder(recording) !== undefined;

export const recordingKey = (pbxId: string, recording: string) =>
  `recordings/${recordingPath(pbxId, recording)}`;

/** PBX and name that a path contains, or `undefined` if `recordingPath` returns it for no name. */
export function parseRecordingPath(path: string): { pbx: string; recording: string } | undefined {
  const [, pbx, folder, file] = /^([^/]+)\/(.+)\/([^/]+)$/s.exec(path) ?? [];
  if (pbx === undefined || folder === undefined || file === undefined) return undefined;
  const recording = /(?:^|\/)encoded$/.test(folder) ? percentDecode(file) : file;
  return recordingPath(pbx, recording) === path ? { pbx, recording } : undefined;
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const parseRecordingKey = (key: string) =>
  key.startsWith('recordings/') ? parseRecordingPath(key.slice('recordings/'.length)) : undefined;

/** The name under which a browser can save the recording. */
export const fileNameOf = (recording: string) => recording.replace(UNSAFE, '_');

/**
 * Forms of names that have the date of the call. They are here and not with the families that write them, because names are
 * also read from keys in the bucket, where nobody knows of which family the PBX was; and a key must stay the same for ever.
 */
const DATED_FORMS = [
  // yyyyMMddHHmmss-CALLID-FROM-TO-TYPE.ext
  /^(20\d\d)(\d\d)(\d\d)\d{6}-/,
  // KIND-FROM-TO-yyyyMMdd-HHmmss-CALLID.ext
  /^[a-z]+-.*-(20\d\d)(\d\d)(\d\d)-\d{6}-\d{10}\.\d+\.\w+$/i,
];

function dateFolder(recording: string): string | undefined {
  const dates = DATED_FORMS.map((form) => form.exec(recording));
  const [, year, month, day] = dates.find((date) => date !== null) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // June 31 would have become July 1.
  const isRealDate = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return isRealDate ? `${year}/${month}/${day}` : undefined;
}

const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['wav', 'audio/wav'],
  ['gsm', 'audio/gsm'],
  ['mp3', 'audio/mpeg'],
]);

/** By extension. `yswav` (Cloud PBX) is the vendor's own format and has no registered type. */
export function contentTypeOf(recording: string): string {
  const extension = /\.([^.]+)$/.exec(recording)?.[1]?.toLowerCase() ?? '';
  return CONTENT_TYPES.get(extension) ?? 'application/octet-stream';
}
