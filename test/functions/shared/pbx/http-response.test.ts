import { describe, expect, test } from 'vitest';
import { createResponseParser } from '../../../../functions/shared/pbx/http-response.ts';
import type { ResponseHead } from '../../../../functions/shared/pbx/response-head.ts';

interface Read {
  head?: ResponseHead;
  body: string;
  isComplete: boolean;
  error?: { code: string; message: string };
}

/** What is read of a response that comes in these pieces, and then ends. */
function readResponse(...pieces: (string | Buffer)[]): Read {
  const read: Read = { body: '', isComplete: false };
  const parser = createResponseParser({
    onHead: (head) => {
      expect(read.head).toBeUndefined();
      read.head = head;
    },
    onBody: (bytes) => {
      expect(read.isComplete).toBe(false);
      read.body += bytes.toString('latin1');
    },
    onEnd: () => {
      expect(read.isComplete).toBe(false);
      read.isComplete = true;
    },
  });
  try {
    for (const piece of pieces) parser.write(Buffer.from(piece as string, 'latin1'));
    parser.end();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    read.error = { code, message };
  }
  return read;
}

const OK = 'HTTP/1.1 200 OK\r\n';

describe('a response', () => {
  test.each<[string, string, Partial<Read>]>([
    ['with a length', `${OK}Content-Length: 4\r\n\r\nRIFF`, { body: 'RIFF' }],
    ['with a length, and more than that', `${OK}Content-Length: 4\r\n\r\nRIFFRIFF`, { body: 'RIFF' }],
    ['with nothing in it', `${OK}Content-Length: 0\r\n\r\n`, { body: '' }],
    ['without a length', `${OK}\r\nRIFF`, { body: 'RIFF' }],
    ['of a server of HTTP/1.0', 'HTTP/1.0 200 OK\r\nServer: Boa/0.94.14rc21\r\n\r\nRIFF', { body: 'RIFF' }],
    ['with bare line feeds in its head', 'HTTP/1.1 200 OK\nContent-Length: 4\n\nRIFF', { body: 'RIFF' }],
    ['without a reason', 'HTTP/1.1 200\r\n\r\nRIFF', { body: 'RIFF' }],
    [
      'in chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nRI\r\n0002;x=y\r\nFF\r\n0\r\n\r\n`,
      { body: 'RIFF' },
    ],
    [
      'in chunks, with a trailer',
      `${OK}transfer-encoding: Chunked\r\n\r\n4\r\nRIFF\r\n0\r\nX-Sum: 1\r\n\r\n`,
      { body: 'RIFF' },
    ],
    [
      'that is first announced',
      `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 4\r\n\r\nRIFF`,
      { body: 'RIFF' },
    ],
    ['that never has a body', 'HTTP/1.1 204 No Content\r\n\r\nRIFF', { body: '' }],
  ])('%s is read to its end', (_, text, expected) => {
    const whole = readResponse(text);
    expect(whole).toMatchObject({ ...expected, isComplete: true });
    expect(whole.error).toBeUndefined();
    // However it comes.
    expect(readResponse(...text)).toEqual(whole);
    for (let cut = 1; cut < text.length; cut += 1) {
      expect(readResponse(text.slice(0, cut), text.slice(cut))).toEqual(whole);
    }
  });

  test('has its headers by their names in lower case, without the blanks around their values', () => {
    const lines = ['Content-Length:4', 'X-One: \t a b \t', 'x-two:', 'X-Two: b', '__proto__: \xC3\x89\xA0'];
    const { head } = readResponse(`${OK}${lines.join('\r\n')}\r\n\r\nRIFF`);
    expect(head?.statusCode).toBe(200);
    expect([...(head?.headers ?? [])]).toEqual([
      ['content-length', '4'],
      ['x-one', 'a b'],
      ['x-two', ', b'],
      ['__proto__', '\xC3\x89\xA0'],
    ]);
  });

  test.each([
    ['that ends in its head', `${OK}Content-`],
    ['that ends before its length does', `${OK}Content-Length: 5\r\n\r\nRIFF`],
    ['that ends within a chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nRIFF`],
    ['that ends between its chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n4\r\nRIFF\r\n`],
    ['that ends before its last line', `${OK}Transfer-Encoding: chunked\r\n\r\n4\r\nRIFF\r\n0\r\n`],
    ['that is none', ''],
  ])('%s stops short', (_, text) => {
    expect(readResponse(text)).toMatchObject({ isComplete: false, error: { code: 'CLOSED_EARLY' } });
    expect(readResponse(...text)).toMatchObject({ isComplete: false, error: { code: 'CLOSED_EARLY' } });
  });

  const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
  test.each([
    ['a chunk whose size is no number', `${CHUNKED}4\r\nRIFF\r\nsecret\r\n`],
    ['a chunk without a size', `${CHUNKED}4\r\nRIFF\r\n\r\n`],
    ['a chunk with a negative size', `${CHUNKED}-4\r\nRIFF\r\n`],
    ['a chunk of more than can be', `${CHUNKED}${'f'.repeat(13)}\r\nRIFF\r\n`],
    ['a chunk that is longer than its size', `${CHUNKED}3\r\nRIFF\r\n0\r\n\r\n`],
    ['a chunk that begins at once', `${CHUNKED}4\r\nRIFF0\r\n\r\n`],
    ['a length that is no number', `${OK}Content-Length: secret\r\n\r\nRIFF`],
    ['a length in hexadecimal', `${OK}Content-Length: 0x4\r\n\r\nRIFF`],
    ['a negative length', `${OK}Content-Length: -4\r\n\r\nRIFF`],
    ['an empty length', `${OK}Content-Length:\r\n\r\nRIFF`],
    ['a length that cannot be', `${OK}Content-Length: 9999999999999999\r\n\r\nRIFF`],
    ['two lengths', `${OK}Content-Length: 4\r\nContent-Length: 5\r\n\r\nRIFF`],
    ['a length and chunks', `${OK}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['another transfer encoding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    [
      'two transfer encodings',
      `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['no status line', 'secret\r\n\r\nRIFF'],
    ['a status that is none', 'HTTP/1.1 20 OK\r\n\r\nRIFF'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\nRIFF'],
    ['another protocol', `HTTP/1.1 101 Any\r\n\r\n${OK}\r\nRIFF`],
    ['a line that is no header', `${OK}secret\r\n\r\nRIFF`],
    ['a header without a name', `${OK}: secret\r\n\r\nRIFF`],
    ['a blank behind a name', `${OK}Content-Length : 4\r\n\r\nRIFF`],
    ['a folded header', `${OK}X: a\r\n secret\r\n\r\nRIFF`],
    ['a header with a control character', `${OK}X: sec\0ret\r\n\r\nRIFF`],
    ['a bare line feed', `${OK}X: a\nsecret\r\n\r\nRIFF`],
    ['a bare line feed behind a chunk’s size', `${CHUNKED}4\nRIFF\r\n0\r\n\r\n`],
    ['a bare carriage return', `${OK}X: sec\rret\r\n\r\nRIFF`],
    ['a head without an end', `${OK}X: ${'secret'.repeat(3000)}`],
    ['a head that is too long', `${OK}X: ${'secret'.repeat(3000)}\r\n\r\nRIFF`],
    ['a chunk’s line without an end', `${CHUNKED}${'secret'.repeat(3000)}`],
  ])('with %s is refused, and not quoted', (_, text) => {
    for (const read of [readResponse(text), readResponse(...text)]) {
      expect(read).toMatchObject({ isComplete: false, error: { code: 'BAD_RESPONSE' } });
      expect(read.error?.message).not.toContain('secret');
    }
  });
});
