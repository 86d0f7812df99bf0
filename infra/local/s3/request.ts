import { type IncomingMessage, validateHeaderValue } from 'node:http';
import { S3Error } from './errors.ts';

/** A path-style request, percent-decoded. */
export interface S3Request {
  readonly method: string;
  readonly path: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  /** By lower-case name. Includes the `x-amz-` headers that presigning has moved into the query. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly message: IncomingMessage;
}

const MAXIMUM_KEY_BYTES = 1024;

export function parseRequest(message: IncomingMessage): S3Request {
  // `new URL()` would resolve `..`, which is an ordinary part of a key.
  const [rawPath, rawQuery] = splitAt(message.url ?? '', '?');
  const path = decodePath(rawPath);
  const [bucket, key] = splitAt(path.slice(1), '/');
  if (Buffer.byteLength(key) > MAXIMUM_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', 'Your key is too long.');
  }
  const query = [...new URLSearchParams(rawQuery)];
  const headers = readHeaders(message, query);
  return { method: message.method ?? '', path, bucket, key, query, headers, message };
}

export function queryParameter({ query }: S3Request, name: string): string | undefined {
  return query.find(([candidate]) => candidate === name)?.[1];
}

/** Reads a whole number, such as a page size. */
export function numberParameter(request: S3Request, name: string, fallback: number): number {
  const value = queryParameter(request, name) ?? String(fallback);
  if (!/^\d{1,9}$/.test(value)) throw new S3Error('InvalidArgument', `Provided ${name} is not an integer.`);
  return Number(value);
}

function readHeaders(message: IncomingMessage, query: S3Request['query']): S3Request['headers'] {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of query) {
    if (/^x-amz-/i.test(name)) headers[name.toLowerCase()] = toHeaderValue(value);
  }
  for (const [name, values] of Object.entries(message.headersDistinct)) headers[name] = values?.join(',');
  return headers;
}

/** Encodes text as Node represents header values: a Latin-1 string with a character for each byte. */
export function toHeaderValue(text: string): string {
  const value = Buffer.from(text).toString('latin1');
  try {
    validateHeaderValue('value', value);
  } catch {
    throw new S3Error('InvalidArgument', 'A parameter is not valid as the value of a header.');
  }
  return value;
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function decodePath(path: string): string {
  try {
    if (path.startsWith('/')) return decodeURIComponent(path);
  } catch {
    // Not UTF-8.
  }
  throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
}
