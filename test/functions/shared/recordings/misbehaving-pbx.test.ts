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

describe('nothing is stored, and the job is retried until it succeeds, when the PBX', () => {
  test.each<[string, Misbehaviour]>([
    ['ends the connection half way, with a length', cut('fin', true)],
    ['ends the connection half way, without a length', cut('fin', false)],
    ['ends the connection within the first bytes', cut('fin', false, 20)],
    ['resets the connection half way, with a length', cut('reset', true)],
    ['resets the connection half way, without a length', cut('reset', false)],
    ['stops sending half way', { kind: 'stall' }],
    ['sends JSON instead of audio', { kind: 'json-instead-of-audio', errno: '20014' }],
    ['sends an unknown error', { kind: 'json-instead-of-audio', errno: '31337' }],
    ['sends HTML instead of audio', { kind: 'html-instead-of-audio' }],
    ['sends text instead of audio', { kind: 'text-instead-of-audio' }],
    ['sends an empty body', { kind: 'empty-body' }],
    ['responds with HTTP status 500', { kind: 'http-500' }],
    ['responds to the first request with HTTP status 500', { kind: 'http-500', at: 'get_random' }],
    ['redirects elsewhere', { kind: 'http-redirect', location: 'http://127.0.0.1:9/' }],
    ['hangs up without a response', { kind: 'hang-up-before-reply' }],
    ['hangs up on the first request', { kind: 'hang-up-before-reply', at: 'get_random' }],
    ['does not have the file ready', { kind: 'not-ready' }],
    ['does not have the file ready for the download', { kind: 'not-ready', at: 'download' }],
    ['announces more bytes than it sends', { kind: 'wrong-length', delta: 1000 }],
    ['announces fewer bytes than it sends', { kind: 'wrong-length', delta: -1000 }],
  ])('%s', async (_, misbehaviour) => {
    const { pbx, bucket, jobFor, deliver, nextJob, delays, deadLetters } = await startArchiveHarness({
      idleTimeoutMs: 500,
    });
    const call = pbx.makeCall({ ...CALL, recording: SHORT, misbehaviour });
    const job = jobFor(call);
    await deliver(job, 1);
    expect(await bucket.keys()).toEqual([]);
    expect(delays()).toHaveLength(1);

    expect(await deliver(nextJob(job), 2)).toBe(true);
    const [key = ''] = await bucket.keys();
    expect((await bucket.bytesOf(key)).equals(SHORT)).toBe(true);
    expect(deadLetters).toEqual([]);
    expect(pbx.stats).toMatchObject({ reusedRandoms: 0, expiredRandoms: 0 });
  });

  test('presents a certificate that is not the pinned one', async () => {
    const { pbx, bucket, jobFor, deliver } = await startArchiveHarness();
    const call = pbx.makeCall(CALL);
    await pbx.replaceCertificate();
    const before = pbx.stats.requests.length;
    expect(await deliver(jobFor(call))).toBe(false);
    expect(pbx.stats.requests).toHaveLength(before);
    expect(await bucket.keys()).toEqual([]);
  });
});

describe('the first attempt still succeeds when the PBX', () => {
  test.each<[string, Misbehaviour]>([
    ['sends the recording in small pieces', { kind: 'drip', chunkBytes: 512 }],
    ['no longer knows the token', { kind: 'token-dropped', at: 'get_random' }],
    ['no longer knows the token at the download', { kind: 'token-dropped', at: 'download' }],
    ['refuses the random string once', { kind: 'random-refused' }],
    ['sends error 20012 instead of audio', { kind: 'json-instead-of-audio', errno: '20012' }],
    ['sends error 20006 instead of audio', { kind: 'json-instead-of-audio', errno: '20006' }],
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

  test('ends the old token at each login', async () => {
    const { pbx, jobFor, deliver } = await startArchiveHarness({ pbx: { endsOldTokenOnLogin: true } });
    expect(await deliver(jobFor(pbx.makeCall(CALL)))).toBe(true);
    pbx.dropTokens();
    expect(await deliver(jobFor(pbx.makeCall(CALL)))).toBe(true);
    expect(pbx.stats.logins).toBe(2);
  });
});

describe('over TLS', () => {
  test('a PBX that supports only TLS 1.0 can be reached only if the configuration allows it', async () => {
    const old = { maxTlsVersion: 'TLSv1' } as const;
    const refused = await startArchiveHarness({ pbx: old });
    expect(await refused.deliver(refused.jobFor(refused.pbx.makeCall(CALL)))).toBe(false);

    const { pbx } = refused;
    const tls = { fingerprint256: pbx.fingerprint256, minVersion: 'TLSv1' };
    const allowed = await startArchiveHarness({ pbx: old, settings: { tls } });
    expect(await allowed.deliver(allowed.jobFor(allowed.pbx.makeCall(CALL)))).toBe(true);
  });

  test('a self-signed certificate is rejected unless it is pinned or given as CA', async () => {
    const untrusted = await startArchiveHarness({ settings: { tls: {} } });
    expect(await untrusted.deliver(untrusted.jobFor(untrusted.pbx.makeCall(CALL)))).toBe(false);

    const { certificate } = untrusted.pbx;
    const trusted = await startArchiveHarness({ settings: { tls: { ca: certificate } } });
    expect(await trusted.deliver(trusted.jobFor(trusted.pbx.makeCall(CALL)))).toBe(true);
  });

  test('a trusted certificate for another host is rejected', async () => {
    const { pbx } = await startArchiveHarness();
    const tls = { ca: pbx.certificate, serverName: 'another.test' };
    const harness = await startArchiveHarness({ settings: { tls } });
    expect(await harness.deliver(harness.jobFor(harness.pbx.makeCall(CALL)))).toBe(false);
  });
});
