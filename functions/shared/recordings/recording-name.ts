const MAX_NAME_BYTES = 255;

/**
 * Why `name` cannot be used as a recording's name, or `undefined` if it can. The form
 * `yyyyMMddHHmmss-CALLID-FROM-TO-TYPE.ext` is not required. Only names that would be dangerous in a key, a URL or a
 * file name are refused.
 */
export function findNameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'it is blank';
  if (!name.isWellFormed()) return 'it is not well-formed Unicode';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `it is longer than ${MAX_NAME_BYTES} bytes`;
  if (name.startsWith('.')) return 'it starts with a dot';
  if (/[/\\]/.test(name)) return 'it contains a slash or a backslash';
  if (/\p{Cc}/u.test(name)) return 'it contains a control character';
  return undefined;
}

/** `{pbxId}/{yyyy}/{mm}/{dd}/` from the date in the name, or `{pbxId}/undated/`. */
export function recordingFolder(pbxId: string, recording: string): string {
  return `${pbxId}/${dateFolder(recording) ?? 'undated'}/`;
}

/** `recordings/{pbxId}/{yyyy}/{mm}/{dd}/{recording}`. */
export function recordingKey(pbxId: string, recording: string): string {
  return `recordings/${recordingFolder(pbxId, recording)}${recording}`;
}

function dateFolder(recording: string): string | undefined {
  const [, year, month, day] = /^(20\d\d)(\d\d)(\d\d)\d{6}-/.exec(recording) ?? [];
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
