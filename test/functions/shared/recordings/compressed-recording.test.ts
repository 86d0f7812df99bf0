import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { identity } from '../../../infra/simulated-pbx/harness.ts';
import { type Responder, startScriptedPbx, success } from '../pbx/scripted-pbx.ts';
import { startArchiveHarness } from './archive-harness.ts';
import { longWav } from './long-call-harness.ts';

const CALL = { recording: '20240517093000-1715938200.7-1001-1003-Internal.wav', callId: '1715938200.7' };
const KEY = `recordings/test/2024/05/17/${CALL.recording}`;

/** An archive whose PBX responds to each download with `body`. */
async function startArchive(body: Buffer, headers: Record<string, string>) {
  const responses: Record<string, Responder> = {
    login: success({ token: 'token' }),
    get_random: success({ random: 'random' }),
    download: (response) => response.writeHead(200, { 'Content-Length': body.length, ...headers }).end(body),
  };
  const server = await startScriptedPbx(
    (response, seen) => responses[seen.path.split('/').at(-1) ?? '']?.(response, seen),
    identity,
  );
  return startArchiveHarness({ settings: { baseUrl: server.url, tls: { ca: identity.cert } } });
}

describe.each([
  ['announced', { 'Content-Encoding': 'gzip', 'Content-Type': 'audio/wav' }],
  ['not announced', {}],
])('gzip that is %s', (_, headers) => {
  test('is archived as the WAV inside', async () => {
    const wav = longWav(100_000);
    const { deliver, jobFor, bucket } = await startArchive(gzipSync(wav), headers);
    expect(await deliver(jobFor(CALL))).toBe(true);
    expect(await bucket.keys()).toEqual([KEY]);
    expect((await bucket.bytesOf(KEY)).equals(wav)).toBe(true);
    expect((await bucket.head(KEY)).Metadata?.['verified-by']).toContain('riff-header');
  });

  test.each([
    ['{"status":"Failed","errno":"20015"}', 'pbx-20015'],
    ['{"status":"Failed","errno":"20015"}\r\n\0', 'pbx-20015'],
  ])('is read as the error inside: %j', async (text, code) => {
    const { deliver, jobFor, bucket, deadLetters } = await startArchive(gzipSync(text), headers);
    expect(await deliver(jobFor(CALL))).toBe(true);
    expect(deadLetters).toMatchObject([{ error: { code } }]);
    expect(await bucket.keys()).not.toContain(KEY);
  });

  test.each([
    ['a page', gzipSync('<html><body>The service is unavailable.</body></html>')],
    ['a recording that is cut', gzipSync(longWav(100_000)).subarray(0, 50_000)],
    ['a recording without its last byte', gzipSync(longWav(100_000)).subarray(0, -1)],
  ])('is retried with %s inside, and nothing is stored', async (__, body) => {
    const { deliver, jobFor, bucket, retryDelays } = await startArchive(body, headers);
    expect(await deliver(jobFor(CALL))).toBe(false);
    expect(retryDelays).toEqual([5]);
    expect(await bucket.keys()).not.toContain(KEY);
  });
});
