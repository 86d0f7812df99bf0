import { gzipSync } from 'node:zlib';
import { anyText, fc, hostileText } from '../../../property.ts';

/** Headers that ask the client to do more, such as to go elsewhere; a few make the response invalid. */
const headerTo = (elsewhere: string) =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        ...['Location', 'Refresh', 'Content-Location', 'Alt-Svc'].map(
          (name) => `${name}: http://${elsewhere}/`,
        ),
        `Location: //${elsewhere}/`,
        `Location: http://x@${elsewhere}`,
        'Location: /again',
        ...['gzip', 'deflate', 'br', 'zstd'].map((coding) => `Content-Encoding: ${coding}`),
        'Set-Cookie: a=b',
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'Upgrade: h2c\r\nConnection: Upgrade',
        'Transfer-Encoding: chunked',
        'Content-Length: 10',
        'Content-Length: 99999999999999999999',
        'Content-Length: 1\r\nContent-Length: 2',
      ),
    },
    { weight: 1, arbitrary: hostileText.map((value) => `X-Any: ${value}`) },
  );

const status = fc.oneof(
  { weight: 3, arbitrary: fc.constant(200) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(206, 416, 301, 302, 303, 307, 308, 401, 407, 421, 101, 103, 204, 304),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 999 }) },
);

const HUGE = '9'.repeat(400);
const RANGES = ['1000-1999/2000', '1000-1999/*', '0-999/1000', '1000-999/1000', `1000-${HUGE}/${HUGE}`];
const range = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...RANGES) }, hostileText);

/** Bodies that may echo the secrets. */
function bodyWith(secrets: string[]) {
  const field = fc.oneof(fc.constantFrom(...secrets, '\uD800'), hostileText, anyText, fc.jsonValue());
  const outcome = fc
    .record(
      {
        status: fc.oneof({ weight: 3, arbitrary: fc.constant('Success') }, fc.constant('Failed'), field),
        errno: field,
        token: field,
        refreshtoken: field,
        random: field,
        deviceinfo: fc.oneof(fc.dictionary(fc.string(), field), field),
      },
      { requiredKeys: ['status', 'token', 'random'] },
    )
    .map((fields) => JSON.stringify(fields));
  return fc
    .oneof({ weight: 4, arbitrary: outcome }, fc.constant('x'.repeat(70_000)), hostileText, fc.uint8Array())
    .map((content) => Buffer.from(content as string))
    .chain((content) =>
      fc.oneof({ weight: 4, arbitrary: fc.constant(content) }, fc.constant(gzipSync(content))),
    );
}

/**
 * The bytes of a response that is more or less HTTP. It may echo the `secrets`, and redirect to the host and
 * port `elsewhere`, to which no client may go.
 */
export function hostileResponse(elsewhere: string, secrets: string[]): fc.Arbitrary<Buffer> {
  const body = bodyWith(secrets);
  const toBytes = (lines: string[], content: Buffer) =>
    Buffer.concat([Buffer.from(`HTTP/1.1 ${lines.join('\r\n')}\r\n\r\n`), content]);
  const any = fc
    .tuple(status, fc.array(headerTo(elsewhere), { maxLength: 3 }), body)
    .map(([code, headers, content]) => toBytes([`${code} Any`, ...headers], content));
  const partial = fc
    .tuple(range, body)
    .map(([bytes, content]) => toBytes(['206 Partial Content', `Content-Range: bytes ${bytes}`], content));
  return fc.oneof({ weight: 8, arbitrary: any }, { weight: 2, arbitrary: partial }, body);
}
