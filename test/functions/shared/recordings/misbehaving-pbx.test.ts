import { describe, expect, test } from 'vitest';
import type { Misbehaviour } from '../../../../infra/simulated-pbx/simulated-pbx.ts';
import { generateSpeech } from '../../../../infra/simulated-pbx/speech.ts';
import { startArchiveHarness } from './archive-harness.ts';

const CALL = { from: '1001', to: '1003' } as const;
const SHORT = generateSpeech({ seconds: 4 });

const cut = (how: 'fin' | 'reset', contentLength: boolean, afterBytes = 30_000): Misbehaviour => ({
  kind: 'cut',
  how,
  contentLength,
  afterBytes,
});

describe('nothing is stored, and the job stays until it succeeds, when the PBX', () => {
  test.each<[string, Misbehaviour]>([
    ['ends the connection half way, with a length', cut('fin', true)],
    ['ends the connection half way, without a length', cut('fin', false)],
    ['ends the connection within the first bytes', cut('fin', false, 20)],
    ['resets the connection half way, with a length', cut('reset', true)],
    ['resets the connection half way, without a length', cut('reset', false)],
    ['stops sending half way', { kind: 'stall' }],
    ['answers with JSON instead of audio', { kind: 'json-instead-of-audio', errno: '20014' }],
    ['answers with an unknown error', { kind: 'json-instead-of-audio', errno: '31337' }],
    ['answers with HTML instead of audio', { kind: 'html-instead-of-audio' }],
    ['answers with text instead of audio', { kind: 'text-instead-of-audio' }],
    ['answers with nothing', { kind: 'empty-body' }],
    ['answers with HTTP status 500', { kind: 'http-500' }],
    ['answers the first request with HTTP status 500', { kind: 'http-500', at: 'get_random' }],
    ['redirects elsewhere', { kind: 'http-redirect', location: 'http://127.0.0.1:9/' }],
    ['hangs up without an answer', { kind: 'hang-up-before-reply' }],
    ['hangs up on the first request', { kind: 'hang-up-before-reply', at: 'get_random' }],
    ['has the file not ready', { kind: 'not-ready' }],
    ['has the file not ready for the download', { kind: 'not-ready', at: 'download' }],
    ['announces more bytes than it sends', { kind: 'wrong-length', delta: 1000 }],
    ['announces fewer bytes than it sends', { kind: 'wrong-length', delta: -1000 }],
  ])('%s', async (_, misbehaviour) => {
    const { pbx, bucket, jobFor, deliver, sent, postponed, deadLetters } = await startArchiveHarness({
      idleTimeoutMs: 500,
    });
    const call = pbx.makeCall({ ...CALL, recording: SHORT, misbehaviour });
    expect(await deliver(jobFor(call), 1)).toBe(false);
    expect(await bucket.keys()).toEqual([]);
    expect(postponed).toEqual([5]);
    expect(sent).toEqual([]);

    expect(await deliver(jobFor(call), 2)).toBe(true);
    const [key = ''] = await bucket.keys();
    expect((await bucket.bytesOf(key)).equals(SHORT)).toBe(true);
    expect(deadLetters).toEqual([]);
    expect(pbx.stats).toMatchObject({ reusedRandoms: 0, expiredRandoms: 0 });
  });

  test('shows another certificate than the pinned one', async () => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness();
    const call = pbx.makeCall(CALL);
    await pbx.replaceCertificate();
    const before = pbx.stats.requests.length;
    expect(await deliver(jobFor(call))).toBe(false);
    expect(pbx.stats.requests).toHaveLength(before);
    expect(await bucket.keys()).toEqual([]);
  });
});

describe('the first attempt succeeds nevertheless when the PBX', () => {
  test.each<[string, Misbehaviour]>([
    ['sends the recording in drips', { kind: 'drip', chunkBytes: 512 }],
    ['has forgotten the token', { kind: 'token-dropped', at: 'get_random' }],
    ['forgets the token before the download', { kind: 'token-dropped', at: 'download' }],
    ['refuses the random string once', { kind: 'random-refused' }],
    ['says 20012 instead of audio', { kind: 'json-instead-of-audio', errno: '20012' }],
    ['says 20006 instead of audio', { kind: 'json-instead-of-audio', errno: '20006' }],
  ])('%s', async (_, misbehaviour) => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness();
    const call = pbx.makeCall({ ...CALL, recording: SHORT, misbehaviour });
    expect(await deliver(jobFor(call))).toBe(true);
    const [key = ''] = await bucket.keys();
    expect((await bucket.bytesOf(key)).equals(SHORT)).toBe(true);
  });

  test('sends no Content-Length', async () => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness({ pbx: { contentLength: false } });
    const call = pbx.makeCall(CALL);
    expect(await deliver(jobFor(call))).toBe(true);
    const [key = ''] = await bucket.keys();
    expect((await bucket.head(key)).Metadata).toMatchObject({ 'verified-by': 'riff-header' });
  });

  test('ends the first token with a second login', async () => {
    const { pbx, jobFor, deliver } = await startArchiveHarness({ pbx: { endsOldTokenOnLogin: true } });
    expect(await deliver(jobFor(pbx.makeCall(CALL)))).toBe(true);
    pbx.dropTokens();
    expect(await deliver(jobFor(pbx.makeCall(CALL)))).toBe(true);
    expect(pbx.stats.logins).toBe(2);
  });
});

describe('over TLS', () => {
  test('an old PBX that speaks TLS 1.0 only is served where the configuration allows it', async () => {
    const old = { maxTlsVersion: 'TLSv1' } as const;
    const refused = await startArchiveHarness({ pbx: old });
    expect(await refused.deliver(refused.jobFor(refused.pbx.makeCall(CALL)))).toBe(false);

    const { pbx } = refused;
    const tls = { fingerprint256: pbx.fingerprint256, minVersion: 'TLSv1' };
    const allowed = await startArchiveHarness({ pbx: old, settings: { tls } });
    expect(await allowed.deliver(allowed.jobFor(allowed.pbx.makeCall(CALL)))).toBe(true);
  });

  test('a certificate that nobody vouches for is refused unless it is pinned or its authority is given', async () => {
    const untrusted = await startArchiveHarness({ settings: { tls: {} } });
    expect(await untrusted.deliver(untrusted.jobFor(untrusted.pbx.makeCall(CALL)))).toBe(false);

    const { certificate } = untrusted.pbx;
    const trusted = await startArchiveHarness({ settings: { tls: { ca: certificate } } });
    expect(await trusted.deliver(trusted.jobFor(trusted.pbx.makeCall(CALL)))).toBe(true);
  });

  test('an authority’s certificate for another host is refused', async () => {
    const { pbx } = await startArchiveHarness();
    const tls = { ca: pbx.certificate, serverName: 'another.test' };
    const harness = await startArchiveHarness({ settings: { tls } });
    expect(await harness.deliver(harness.jobFor(harness.pbx.makeCall(CALL)))).toBe(false);
  });
});
