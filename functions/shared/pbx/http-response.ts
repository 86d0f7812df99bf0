import { badResponse, framingOf, parseHead, ResponseError, type ResponseHead } from './response-head.ts';

/** Of a status line with its headers, and of what stands between the chunks of a body; a PBX's are far below. */
const MAX_HEAD_BYTES = 16 * 1024;

const NOTHING = Buffer.alloc(0);

/** Told of a response as it comes. */
export interface ResponseListener {
  onHead(head: ResponseHead): void;
  /** The bytes are lent: their memory is used again. */
  onBody(bytes: Buffer): void;
  /** The response is complete. */
  onEnd(): void;
}

/**
 * Reads the one response of a connection (RFC 9112), from pieces of any size. Strict where a mistake could make a cut
 * body look like a whole one: a length or a chunk that is not exactly as it should be is an error. In the head, where it
 * could not, a bare line feed ends a line too: embedded servers write those.
 */
export function createResponseParser(listener: ResponseListener) {
  /** What comes next in the response. Takes its part of the bytes, and returns the rest of them. */
  let read = readHead;
  let text = '';
  /** Of the body, or of its chunk. */
  let bytesLeft = 0;
  let endsWithConnection = false;
  let isComplete = false;

  function readHead(bytes: Buffer): Buffer {
    text += bytes.toString('latin1');
    const end = /\r?\n\r?\n/.exec(text);
    if ((end?.index ?? text.length) > MAX_HEAD_BYTES) throw badResponse('its head is too long');
    if (end === null) return NOTHING;
    const rest = bytes.subarray(bytes.length - (text.length - end.index - end[0].length));
    const head = parseHead(text.slice(0, end.index));
    text = '';
    if (head.statusCode === 101) throw badResponse('it changes the protocol');
    // Such as 100 Continue: the response is still to come.
    if (head.statusCode < 200) return rest;
    listener.onHead(head);
    beginBody(head);
    return rest;
  }

  function beginBody(head: ResponseHead): void {
    const framing = framingOf(head);
    if (framing === 'chunked') read = readChunkSize;
    else if (framing === 'until-close') {
      read = readUntilClose;
      endsWithConnection = true;
    } else {
      bytesLeft = framing;
      read = readSized;
      if (bytesLeft === 0) complete();
    }
  }

  function complete(): void {
    isComplete = true;
    // What comes behind the end was not asked for.
    read = () => NOTHING;
    listener.onEnd();
  }

  function readUntilClose(bytes: Buffer): Buffer {
    listener.onBody(bytes);
    return NOTHING;
  }

  function readSized(bytes: Buffer): Buffer {
    const rest = takeBody(bytes);
    if (bytesLeft === 0) complete();
    return rest;
  }

  function readChunk(bytes: Buffer): Buffer {
    const rest = takeBody(bytes);
    if (bytesLeft === 0) read = readChunkEnd;
    return rest;
  }

  function takeBody(bytes: Buffer): Buffer {
    const body = bytes.length > bytesLeft ? bytes.subarray(0, bytesLeft) : bytes;
    bytesLeft -= body.length;
    listener.onBody(body);
    return body === bytes ? NOTHING : bytes.subarray(body.length);
  }

  function readChunkSize(bytes: Buffer): Buffer {
    return readLine(bytes, (line) => {
      const [, digits] = /^([\da-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
      if (digits === undefined) throw badResponse('the size of a chunk is no number');
      bytesLeft = Number.parseInt(digits, 16);
      read = bytesLeft === 0 ? readTrailer : readChunk;
    });
  }

  function readChunkEnd(bytes: Buffer): Buffer {
    return readLine(bytes, (line) => {
      if (line !== '') throw badResponse('a chunk is longer than its size');
      read = readChunkSize;
    });
  }

  function readTrailer(bytes: Buffer): Buffer {
    return readLine(bytes, (line) => {
      if (line === '') complete();
    });
  }

  function readLine(bytes: Buffer, onLine: (line: string) => void): Buffer {
    const end = bytes.indexOf('\n');
    text += bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
    if (text.length > MAX_HEAD_BYTES) throw badResponse('a line is too long');
    if (end < 0) return NOTHING;
    if (!text.endsWith('\r')) throw badResponse('a line ends as none does');
    const line = text.slice(0, -1);
    text = '';
    onLine(line);
    return bytes.subarray(end + 1);
  }

  return {
    write(bytes: Buffer): void {
      for (let rest = bytes; rest.length > 0; ) rest = read(rest);
    },
    /** No further byte will come. */
    end(): void {
      if (endsWithConnection && !isComplete) complete();
      if (!isComplete) throw new ResponseError('CLOSED_EARLY', 'The response stops short.');
    },
  };
}
