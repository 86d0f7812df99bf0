import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../../functions/shared/errors.ts';
import { decodeBody } from '../../../../functions/shared/pbx/content-encoding.ts';
import { connectionError } from '../../../../functions/shared/pbx/errors.ts';
import type { SSeriesClient } from '../../../../functions/shared/pbx/s-series/client.ts';
import { fingerprintOf } from '../../../../infra/simulated-pbx/certificate.ts';
import { identity } from '../../../infra/simulated-pbx/harness.ts';
import { wav } from '../recordings/wav.ts';
import { clientOf, type Responder, startScriptedPbx, success } from './scripted-pbx.ts';

const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const DAY = { starttime: '2017-09-01 00:00:00', endtime: '2017-09-01 23:59:59' };
const FAILURE = Buffer.from('{"status":"Failed","errno":"20006"}');
const CDRS = Buffer.from('callid,recording\n1504261084.7,\n');
/** Longer than any buffer on the way, and hardly compressible. */
const AUDIO = Buffer.concat([
  Buffer.from('RIFF'),
  createHash('shake256', { outputLength: 300_000 }).digest(),
]);

/** A client of a PBX with TLS that responds to everything but a request for a random string with `respond`. */
async function start(respond: Responder) {
  const responses: ServerResponse[] = [];
  const server = await startScriptedPbx((response, seen) => {
    if (seen.path.endsWith('/get_random')) return success({ random: 'random' })(response, seen);
    responses.push(response);
    return respond(response, seen);
  }, identity);
  const client = clientOf(server.url, { tls: { fingerprint256: fingerprintOf(identity) } });
  /** Waits until the client has closed the connection of the last response. */
  const expectClosed = async () => {
    const response = responses.at(-1);
    if (response && !response.closed) await once(response, 'close');
    expect(response?.closed).toBe(true);
  };
  return { client, expectClosed };
}

const sends =
  (body: Buffer, headers: Record<string, string | string[]> = {}, status = 200): Responder =>
  (response) =>
    response.writeHead(status, { 'Content-Length': body.length, ...headers }).end(body);

/** Opens and reads a recording; fails as saveRecording does. */
async function download(client: SSeriesClient, from = 0, signal?: AbortSignal) {
  const { body, ...source } = await client.openRecording('token', RECORDING, signal, from);
  const bytes = await buffer(body).catch((error: unknown) => {
    throw connectionError(error);
  });
  return { bytes, ...source };
}

const gzip = (body: Buffer) => gzipSync(body);
const brotli = (body: Buffer) =>
  brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

/** What a server or proxy may make of a body, with the headers that it sends. */
const ENCODED: [string, Record<string, string | string[]>, (body: Buffer) => Buffer][] = [
  ['gzip', { 'Content-Encoding': 'gzip' }, gzip],
  ['gzip in capitals', { 'Content-Encoding': ' GZIP ' }, gzip],
  ['gzip by its old name', { 'Content-Encoding': 'x-gzip' }, gzip],
  ['deflate', { 'Content-Encoding': 'deflate' }, (body) => deflateSync(body)],
  ['deflate without a zlib header', { 'Content-Encoding': 'deflate' }, (body) => deflateRawSync(body)],
  ['brotli', { 'Content-Encoding': 'br' }, brotli],
  ['gzip, then brotli', { 'Content-Encoding': 'gzip, br' }, (body) => brotli(gzip(body))],
  ['gzip twice, in two headers', { 'Content-Encoding': ['gzip', 'gzip'] }, (body) => gzip(gzip(body))],
  ['gzip twice, of which one is announced', { 'Content-Encoding': 'gzip' }, (body) => gzip(gzip(body))],
  ['gzip that no header announces', {}, gzip],
  ['gzip that is called identity', { 'Content-Encoding': 'identity' }, gzip],
  [
    'gzip in several members',
    {},
    (body) => Buffer.concat([gzip(body.subarray(0, 9)), gzip(body.subarray(9))]),
  ],
  ['gzip with NULs after it', {}, (body) => Buffer.concat([gzip(body), Buffer.alloc(64)])],
];

describe.each(ENCODED)('%s', (_, headers, encode) => {
  test('is undone for a recording, whose length is then unknown', async () => {
    const { client } = await start(sends(encode(AUDIO), headers));
    const { bytes, ...source } = await download(client);
    expect(bytes.equals(AUDIO)).toBe(true);
    expect(source).toMatchObject({ start: 0, totalBytes: undefined, isDecoded: true });
  });

  test('is undone for an error in the place of a recording', async () => {
    const { client } = await start(sends(encode(FAILURE), headers));
    expect((await download(client)).bytes.equals(FAILURE)).toBe(true);
  });

  test('is undone for a JSON response', async () => {
    const { client } = await start(sends(encode(FAILURE), headers));
    await expect(client.deviceInfo('token')).rejects.toMatchObject({ code: 'pbx-20006' });
  });

  test('is undone for a CDR file', async () => {
    const { client } = await start(sends(encode(CDRS), headers));
    expect((await buffer(await client.openCdrs('token', DAY))).equals(CDRS)).toBe(true);
  });

  test('is undone for a complete file in the place of a range', async () => {
    const { client } = await start(sends(encode(AUDIO), headers));
    const { bytes, ...source } = await download(client, 1000);
    expect(bytes.equals(AUDIO)).toBe(true);
    expect(source).toMatchObject({ start: 0, totalBytes: undefined });
  });

  test.each([0.5, 0.999])('fails if it is cut at %d of its length', async (fraction) => {
    const encoded = encode(AUDIO);
    // The trailing NULs may be missing.
    const end = encoded.findLastIndex((byte) => byte !== 0) + 1;
    const cut = encoded.subarray(0, Math.floor(end * fraction));
    // In chunks, so that nothing else shows the cut.
    const { client } = await start((response) => response.writeHead(200, headers).end(cut));
    await expect(download(client)).rejects.toMatchObject({ code: 'pbx-bad-response', kind: 'transient' });
  });
});

describe.each([
  ['no Content-Encoding', {}],
  ['the Content-Encoding identity', { 'Content-Encoding': 'identity' }],
  ['an empty Content-Encoding', { 'Content-Encoding': '' }],
  ['a Content-Encoding that is none', { 'Content-Encoding': 'UTF-8' }],
  ['the Content-Encoding gzip, but is not', { 'Content-Encoding': 'gzip' }],
])('a body that has %s', (_, headers) => {
  test.each([AUDIO, Buffer.from('RI'), Buffer.alloc(0)])(
    'is left as it is, with its length (case %#)',
    async (body) => {
      const { client } = await start(sends(body, headers));
      const { bytes, ...source } = await download(client);
      expect(bytes.equals(body)).toBe(true);
      expect(source).toMatchObject({ start: 0, totalBytes: body.length });
      expect(source).not.toHaveProperty('isDecoded');
    },
  );
});

describe.each(['gzip', 'deflate', 'br', 'utf8', 'ISO-8859-1', '8bit', 'audio/x-wav'])(
  'a body that is not encoded, although its Content-Encoding is %s,',
  (coding) => {
    const headers = { 'Content-Encoding': coding };

    test.each([
      ['a WAV file', wav({ audioBytes: 32_000 })],
      [
        'an MP3 file',
        Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\x7f\x7ftitle', 'latin1'), Buffer.alloc(2000, 1)]),
      ],
      ['an Ogg file', Buffer.concat([Buffer.from('OggS\0\x02'), Buffer.alloc(2000, 1)])],
    ])('is left as it is, with its length: %s', async (_, body) => {
      const { client } = await start(sends(body, headers));
      const { bytes, ...source } = await download(client);
      expect(bytes.equals(body)).toBe(true);
      expect(source).toMatchObject({ start: 0, totalBytes: body.length });
      expect(source).not.toHaveProperty('isDecoded');
    });

    test('is read if it is JSON', async () => {
      const { client } = await start(sends(FAILURE, headers));
      await expect(client.deviceInfo('token')).rejects.toMatchObject({ code: 'pbx-20006' });
    });
  },
);

test('gzip as a transfer coding is undone', async () => {
  const encoded = gzip(AUDIO);
  const { client } = await start(({ socket }) => {
    socket?.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n');
    socket?.write(`${encoded.length.toString(16)}\r\n`);
    socket?.write(encoded);
    socket?.end('\r\n0\r\n\r\n');
  });
  expect((await download(client)).bytes.equals(AUDIO)).toBe(true);
});

test('a body without coding is not wrapped', async () => {
  const body = Readable.from([AUDIO], { objectMode: false });
  expect(await decodeBody({ headers: {}, body })).toEqual({ body, isDecoded: false });
  expect((await buffer(body)).equals(AUDIO)).toBe(true);
});

test.each([gzip(AUDIO), AUDIO])('the first bytes may arrive one by one (case %#)', async (sent) => {
  const { client } = await start((response) => {
    let at = 0;
    const drip = () => {
      if (at === 5) response.end(sent.subarray(at));
      else response.write(sent.subarray(at, ++at), () => setImmediate(drip));
    };
    drip();
  });
  expect((await download(client)).bytes.equals(AUDIO)).toBe(true);
});

test.each(['\x1f', '\x1f\x8b', '\x1f\x8b\x08'])(
  'gzip that ends within its first bytes fails',
  async (sent) => {
    const { client } = await start(sends(Buffer.from(sent, 'latin1')));
    await expect(download(client)).rejects.toMatchObject({ code: 'pbx-bad-response' });
  },
);

describe.each([
  [
    'is damaged',
    'gzip',
    () => {
      const encoded = gzip(AUDIO);
      encoded.fill(0xff, 1000, 2000);
      return encoded;
    },
  ],
  [
    'has another checksum',
    'gzip',
    () => {
      const encoded = gzip(AUDIO);
      encoded.writeUInt32LE(0, encoded.length - 8);
      return encoded;
    },
  ],
  ['is not brotli', 'br', () => AUDIO],
  ['is not deflate', 'deflate', () => Buffer.from('<html></html>')],
  ['is empty, not deflate', 'deflate', () => Buffer.alloc(0)],
])('a body that %s', (_, coding, body) => {
  test('fails', async () => {
    const { client } = await start(sends(body(), { 'Content-Encoding': coding }));
    await expect(download(client)).rejects.toMatchObject({
      code: 'pbx-bad-response',
      kind: 'transient',
      message: expect.stringContaining('compressed data is cut or damaged'),
    });
  });
});

describe.each(['compress', 'zstd', 'aes128gcm', 'gzip, any', 'gzip, gzip, gzip, gzip'])(
  'the Content-Encoding %j',
  (coding) => {
    test.each<[string, (client: SSeriesClient) => Promise<unknown>]>([
      ['a recording', download],
      ['a JSON response', (client) => client.deviceInfo('token')],
      ['a CDR file', (client) => client.openCdrs('token', DAY)],
    ])('is refused for %s, whose connection is closed', async (__, call) => {
      const { client, expectClosed } = await start((response) => {
        response.writeHead(200, { 'Content-Encoding': coding }).write(AUDIO.subarray(-100));
      });
      await expect(call(client)).rejects.toMatchObject({
        code: 'pbx-bad-response',
        kind: 'transient',
      });
      await expectClosed();
    });
  },
);

test('a JSON response is limited to 64 KiB once decoded', async () => {
  const bomb = gzip(Buffer.alloc(64 * 1024 ** 2, ' '));
  const { client, expectClosed } = await start((response) => response.write(bomb));
  await expect(client.deviceInfo('token')).rejects.toMatchObject({
    code: 'pbx-bad-response',
    message: expect.stringContaining('too long'),
  });
  await expectClosed();
});

describe('a range', () => {
  const FROM = 1000;
  const range = { 'Content-Range': `bytes ${FROM}-${FROM + 9}/${FROM + 10}` };

  test('that is encoded cannot be used', async () => {
    const { client, expectClosed } = await start(
      sends(gzip(AUDIO), { ...range, 'Content-Encoding': 'gzip' }, 206),
    );
    await expect(download(client, FROM)).rejects.toMatchObject({ code: 'pbx-bad-range', kind: 'transient' });
    await expectClosed();
  });

  test('may start like gzip, as any bytes may', async () => {
    const rest = Buffer.from('1f8b0800000000000003', 'hex');
    const { client } = await start(sends(rest, range, 206));
    expect(await download(client, FROM)).toMatchObject({ bytes: rest, start: FROM, totalBytes: FROM + 10 });
  });
});

describe('a compressed body that is being read', () => {
  const half: Responder = (response) => response.write(gzip(AUDIO).subarray(0, 200_000));

  test('fails with the reason of a signal that is aborted', async () => {
    const { client, expectClosed } = await start(half);
    const controller = new AbortController();
    const reason = new ArchiveError('deadline', 'Out of time.');
    const { body } = await client.openRecording('token', RECORDING, controller.signal);
    const reading = buffer(body);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expectClosed();
  });

  test('closes its connection when it is destroyed', async () => {
    const { client, expectClosed } = await start(half);
    (await client.openRecording('token', RECORDING)).body.destroy();
    await expectClosed();
  });

  test('fails when its connection is cut', async () => {
    const { client } = await start((response) => {
      response.writeHead(200, { 'Content-Length': 999_999 });
      response.write(gzip(AUDIO).subarray(0, 200_000), () => response.socket?.end());
    });
    await expect(download(client)).rejects.toMatchObject({ code: 'pbx-connection', kind: 'transient' });
  });
});
