import type { ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { clientOf, type Responder, startScriptedPbx, success } from './scripted-pbx.ts';

const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const FILE = Buffer.from('RIFF and what follows');
const SIZE = FILE.length;
const FROM = 5;
const REST = FILE.subarray(FROM);

/** Opens a recording from byte `from` on, at a PBX that responds to the download with `download`. */
async function open(download: Responder, from = FROM) {
  const server = await startScriptedPbx((response, seen) =>
    seen.path.endsWith('/get_random')
      ? success({ random: `random ${server.seen.length}` })(response, seen)
      : download(response, seen),
  );
  const opening = clientOf(server.url).openRecording('token', RECORDING, undefined, from);
  return { server, opening };
}

const rangeResponse =
  (status: number, contentRange: string | undefined, body: Buffer = REST): Responder =>
  (response) =>
    response
      .writeHead(status, {
        'Content-Length': body.length,
        ...(contentRange !== undefined && { 'Content-Range': contentRange }),
      })
      .end(body);

describe('a recording of which a part is stored', () => {
  test('is requested from the next byte on, with a new random string', async () => {
    const { server, opening } = await open(rangeResponse(206, `bytes ${FROM}-${SIZE - 1}/${SIZE}`));
    const { body, ...range } = await opening;
    expect(range).toMatchObject({ start: FROM, totalBytes: SIZE });
    expect((await buffer(body)).equals(REST)).toBe(true);
    expect(server.seen.map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${FROM}-`]);
    expect(server.seen[1]?.query).toContain('random=random%201');
  });

  test.each([
    ['names the unit in its own way', 206, `Bytes  ${FROM}-${SIZE - 1}/${SIZE}`],
    ['has the status of a complete file', 200, `bytes ${FROM}-${SIZE - 1}/${SIZE}`],
    ['takes the size for the last offset', 206, `bytes ${FROM}-${SIZE}/${SIZE}`],
  ])('is continued even if the response %s', async (_, status, contentRange) => {
    const { opening } = await open(rangeResponse(status, contentRange));
    const { body, ...range } = await opening;
    expect(range).toMatchObject({ start: FROM, totalBytes: SIZE });
    expect((await buffer(body)).equals(REST)).toBe(true);
  });

  test('has no known size when the PBX does not give one', async () => {
    const { opening } = await open(rangeResponse(206, `bytes ${FROM}-${SIZE - 1}/*`));
    const { body, ...range } = await opening;
    expect(range).toMatchObject({ start: FROM, totalBytes: undefined });
    body.destroy();
  });

  test('starts at its first byte when the PBX ignores ranges', async () => {
    const { opening } = await open(rangeResponse(200, undefined, FILE));
    const { body, ...range } = await opening;
    expect(range).toMatchObject({ start: 0, totalBytes: SIZE });
    expect((await buffer(body)).equals(FILE)).toBe(true);
  });

  test.each<[string, number, string | undefined]>([
    ['starts later, with the status of a complete file', 200, `bytes ${FROM + 1}-${SIZE - 1}/${SIZE}`],
    ['starts later', 206, `bytes ${FROM + 1}-${SIZE - 1}/${SIZE}`],
    ['starts earlier', 206, `bytes 0-${SIZE - 1}/${SIZE}`],
    ['ends early', 206, `bytes ${FROM}-${SIZE - 2}/${SIZE}`],
    ['ends after the end of the file', 206, `bytes ${FROM}-${SIZE + 1}/${SIZE}`],
    [
      'takes the size for the last offset, and is of another length',
      206,
      `bytes ${FROM}-${SIZE + 9}/${SIZE + 9}`,
    ],
    ['is not given', 206, undefined],
    ['has several pieces', 206, `bytes ${FROM}-6/${SIZE}, 8-9/${SIZE}`],
    ['is in another unit', 206, `lines ${FROM}-${SIZE - 1}/${SIZE}`],
    ['has no numbers', 206, `bytes -/${SIZE}`],
    ['does not exist', 416, `bytes */${SIZE}`],
    ['does not exist, but is given', 416, `bytes ${FROM}-${SIZE - 1}/${SIZE}`],
  ])('fails when the range in the response %s', async (_, status, contentRange) => {
    const { opening } = await open(rangeResponse(status, contentRange));
    await expect(opening).rejects.toMatchObject({ code: 'pbx-bad-range', kind: 'transient' });
  });

  test.each([
    [206, 1000, 'pbx-bad-range'],
    [206, 2 ** 30, 'pbx-bad-range'],
    [500, 1000, 'pbx-http-status'],
  ])('does not wait for the body of a failed response (%i, %i bytes)', async (status, length, code) => {
    const responses: ServerResponse[] = [];
    const { opening } = await open((response) => {
      responses.push(response.writeHead(status, { 'Content-Length': length }));
      response.write(FILE);
    });
    await expect(opening).rejects.toMatchObject({ code });
    const [response] = responses;
    if (response && !response.closed) await new Promise((resolve) => response.once('close', resolve));
    expect(response?.writableFinished).toBe(false);
  });

  test.each([500, 404, 302])('fails with HTTP status %i as without a range', async (status) => {
    const { opening } = await open(rangeResponse(status, undefined, Buffer.alloc(0)));
    await expect(opening).rejects.toMatchObject({ code: 'pbx-http-status' });
  });
});

describe('a recording of which nothing is stored', () => {
  test('is requested without a range', async () => {
    const { server, opening } = await open(rangeResponse(200, undefined, FILE), 0);
    (await opening).body.destroy();
    expect(server.seen[1]?.headers).not.toHaveProperty('range');
  });

  test.each([
    [200, SIZE - 1],
    [206, SIZE - 1],
    [200, SIZE],
    [206, SIZE],
  ])(
    'may be delivered as a range that is the complete file, with HTTP status %i and %i for its last offset',
    async (status, last) => {
      const { opening } = await open(rangeResponse(status, `bytes 0-${last}/${SIZE}`, FILE), 0);
      const { body, ...range } = await opening;
      expect(range).toMatchObject({ start: 0, totalBytes: SIZE });
      expect((await buffer(body)).equals(FILE)).toBe(true);
    },
  );

  test('has no known size when it is delivered as a range that the PBX does not give', async () => {
    const { opening } = await open(rangeResponse(206, undefined, FILE), 0);
    const { body, ...range } = await opening;
    expect(range).toMatchObject({ start: 0, totalBytes: undefined });
    expect((await buffer(body)).equals(FILE)).toBe(true);
  });

  // Its length would otherwise count as that of the complete file.
  test.each([
    [200, `bytes 0-${FROM - 1}/${SIZE}`, FILE.subarray(0, FROM)],
    [206, `bytes 0-${FROM - 1}/${SIZE}`, FILE.subarray(0, FROM)],
    [200, `bytes ${FROM}-${SIZE - 1}/${SIZE}`, REST],
  ])('fails if a part of it is delivered (%i, %s)', async (status, contentRange, body) => {
    const { opening } = await open(rangeResponse(status, contentRange, body), 0);
    await expect(opening).rejects.toMatchObject({ code: 'pbx-bad-range', kind: 'transient' });
  });

  test('fails with HTTP status 416, because no range was requested', async () => {
    const { opening } = await open(rangeResponse(416, `bytes */${SIZE}`, FILE), 0);
    await expect(opening).rejects.toMatchObject({ code: 'pbx-http-status' });
  });
});
