export interface ResponseHead {
  statusCode: number;
  /** By their names in lower case; the values of one that is repeated stand behind each other, with commas. */
  headers: ReadonlyMap<string, string>;
}

/** A response that is none, or stops short. It says what is wrong, and nothing of what came. */
export class ResponseError extends Error {
  readonly code: 'BAD_RESPONSE' | 'CLOSED_EARLY';

  constructor(code: ResponseError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export const badResponse = (problem: string) =>
  new ResponseError('BAD_RESPONSE', `The response is no HTTP: ${problem}.`);

/** A name, and a value without control characters, which are as little HTTP there as in a name. */
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):([\t\P{Cc}\x80-\x9F]*)$/u;

export function parseHead(text: string): ResponseHead {
  const [statusLine = '', ...lines] = text.split(/\r?\n/);
  const [, status] = /^HTTP\/1\.[01] ([1-9]\d\d)(?: .*)?$/.exec(statusLine) ?? [];
  if (status === undefined) throw badResponse('it has no status line');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) throw badResponse('it has a header that is none');
    const key = name.toLowerCase();
    const values = [headers.get(key), value.replace(/^[\t ]+|[\t ]+$/g, '')];
    headers.set(key, values.filter((it) => it !== undefined).join(', '));
  }
  return { statusCode: Number(status), headers };
}

/** How the end of the body is found: RFC 9112, section 6.3. */
export function framingOf({ statusCode, headers }: ResponseHead): number | 'chunked' | 'until-close' {
  const encoding = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== 'chunked') throw badResponse('its transfer encoding is unknown');
    if (length !== undefined) throw badResponse('it has a length and a transfer encoding');
    return 'chunked';
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw badResponse('its length is no number');
  if (statusCode === 204 || statusCode === 304) return 0;
  return length === undefined ? 'until-close' : Number(length);
}
