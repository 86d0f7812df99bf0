import { ArchiveError } from '../errors.ts';

/** Codes of zlib and of Brotli's decoder. */
const ZLIB_CODE = /^(?:Z|ERR__ERROR)_/;

/** Explanations of codes, and of messages of undici, that do not speak for themselves. */
const EXPLANATIONS: ReadonlyMap<string, string> = new Map([
  [
    // undici has one code for a body that ends too soon and for a malformed length.
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'The connection ended before the whole response had arrived. If every response fails like this, the PBX sends ' +
      'two Content-Length headers, or one that HTTP does not allow: a list such as "4, 4", a blank after the ' +
      'number, Transfer-Encoding beside it, or a malformed header after it. In that case, update the firmware of ' +
      'the PBX, or correct the proxy that adds the header.',
  ],
  [
    // OpenSSL's word for a key or signature below its security level, of which Node passes on no more.
    'UNSPECIFIED',
    'If every connection fails like this, the key of the certificate, or its signature, is too weak for OpenSSL: pin the ' +
      'certificate (tls.fingerprint256) in place of tls.ca.',
  ],
  [
    // A client should skip it (RFC 9110, 15.2), but undici does not.
    'bad response',
    'If every response fails like this, the PBX, or a proxy, sends "100 Continue" without having been asked to, which ' +
      'this program cannot read. In that case, update the firmware of the PBX, or correct the proxy.',
  ],
]);

/**
 * Converts an error of undici, TLS, a socket or zlib into an `ArchiveError`. The original may contain the PBX's address,
 * a URL with a token, or a response, so only its code is kept. It is not the `cause` either: a crash would print it.
 */
export function connectionError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const { code, name, message, cause } = error as Partial<Error> & {
    code?: unknown;
    cause?: { code?: unknown };
  };
  // The code of a DOMException, such as that of a timeout, is a number that says nothing.
  const word = [cause?.code, code, name].find((value) => typeof value === 'string') ?? 'unknown';
  if (ZLIB_CODE.test(word)) return badResponse(`its compressed data is cut or damaged (${word})`);
  const reason = parserReason(message);
  const problem = `The connection to the PBX failed (${reason === undefined ? word : `${word}: ${reason}`}).`;
  const explanation = EXPLANATIONS.get(word) ?? EXPLANATIONS.get(message ?? '');
  return new ArchiveError(
    'pbx-connection',
    explanation === undefined ? problem : `${problem} ${explanation}`,
  );
}

/** The HTTP parser's own words for what is wrong with a response, which never quote it. */
const parserReason = (message = '') =>
  /^Response does not match .{1,40} \(([\w' -]{1,80})\)$/.exec(message)?.[1];

export const badResponse = (problem: string) =>
  new ArchiveError('pbx-bad-response', `The PBX returned an unusable response: ${problem}.`);

export const recordingEmpty = () =>
  new ArchiveError('recording-empty', 'The recording is empty on the PBX.', { kind: 'empty' });

/** The recording's size is `atLeast` or more. */
export const recordingTooLarge = (atLeast: number, maxBytes: number) =>
  new ArchiveError(
    'recording-too-large',
    `The recording is too large: at least ${atLeast} bytes, and the limit is ${maxBytes} (maxRecordingMiB in ` +
      'cdk.json). If it is a real recording, raise the limit, deploy and run "npm run redrive".',
    { kind: 'permanent' },
  );

const REDIRECTS = [301, 302, 303, 307, 308];

export const badStatus = (statusCode: number) =>
  new ArchiveError(
    'pbx-http-status',
    `The PBX returned HTTP status ${statusCode}.${
      REDIRECTS.includes(statusCode)
        ? ' It redirects requests to another address, which is never followed. If all requests fail like this, set ' +
          'baseUrl to that address: https instead of http, or another host or port.'
        : ''
    }`,
  );
