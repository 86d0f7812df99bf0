import { parse } from 'content-disposition';
import { describe, expect, test } from 'vitest';
import {
  createLink,
  type LinkDeps,
  type LinkRequest,
} from '../../../functions/recording-link/create-link.ts';
import { captureLog } from '../capture-log.ts';

const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const KEY = `recordings/hq/2017/09/01/${RECORDING}`;
const FOUND = { bytes: 364, contentType: 'audio/wav', call: { callId: '1504261084.7', from: '1001' } };
const URL = 'https://bucket.s3.example/key?X-Amz-Signature=secret-signature';
const NOW = new Date('2026-01-02T03:04:05.678Z');

const logLines = captureLog();

/** Asks for a link to an archive that has one recording; returns the answer, and what was signed. */
async function ask(request: Partial<LinkRequest> = {}, deps: Partial<LinkDeps> = {}, recording = RECORDING) {
  const signed: { key: string; disposition: string; seconds: number; from: Date }[] = [];
  const found: string[] = [];
  const path = { pbxId: 'hq', recording };
  const answer = await createLink(
    { path, query: {}, authorization: 'Bearer token', ...request },
    {
      isAuthorized: async (authorization) => authorization === 'Bearer token',
      archive: {
        async find(key) {
          found.push(key);
          return FOUND;
        },
        async presign(key, disposition, seconds, from) {
          signed.push({ key, disposition, seconds, from });
          return URL;
        },
      },
      maxSeconds: 3600,
      now: () => NOW,
      ...deps,
    },
  );
  return { answer, signed, found };
}

describe('a recording that is archived', () => {
  test('is answered with its link, its size and its call', async () => {
    const { answer, signed } = await ask();
    const expiresAt = '2026-01-02T03:19:05.678Z';
    const body = { recording: RECORDING, pbx: 'hq', url: URL, expiresAt, ...FOUND };
    expect(answer).toEqual({ status: 200, body });
    const disposition = `inline; filename=${RECORDING}`;
    expect(signed).toEqual([{ key: KEY, disposition, seconds: 900, from: NOW }]);
  });

  test('may be had by a redirect', async () => {
    const { answer } = await ask({ query: { redirect: '1' } });
    expect(answer).toEqual({ status: 302, headers: { location: URL } });
  });

  test('has a link for as long as asked, and the answer says until when', async () => {
    const { answer, signed } = await ask({ query: { expiresIn: '3600' } });
    expect(answer.body).toMatchObject({ expiresAt: '2026-01-02T04:04:05.678Z' });
    expect(signed).toMatchObject([{ seconds: 3600 }]);
  });

  test.each([
    RECORDING,
    '20170901181806-1504261084.7-+49 30 *1234#-1003-Inbound.wav',
    'with "quotes", semicolon; and \'apostrophe\'.wav',
    '100% of %41.wav',
    'Zoë und Ærøskøbing.wav',
    '日本語 📞.yswav',
  ])('is saved, or played, under its own name: %s', async (recording) => {
    for (const [download, type] of [
      ['1', 'attachment'],
      ['0', 'inline'],
    ]) {
      const { signed } = await ask({ query: { download: download as string } }, {}, recording);
      const disposition = signed[0]?.disposition ?? '';
      expect(disposition).toMatch(/^[ -~]+$/);
      expect(parse(disposition)).toMatchObject({ type, parameters: { filename: recording } });
    }
  });
});

describe('no link', () => {
  test('is made for a recording that is not archived', async () => {
    const archive = {
      find: async () => undefined,
      presign: () => Promise.reject(new Error('Nothing to sign.')),
    };
    for (const query of [{}, { redirect: '1' }]) {
      const { answer } = await ask({ query }, { archive });
      expect(answer).toEqual({ status: 404, body: { error: 'not-archived' } });
    }
  });

  test('is made for a request that is wrong, and the answer names its parameter', async () => {
    const { answer, found } = await ask({ query: { expiresIn: '5' } });
    const message = 'should be whole seconds from 60 to 3600';
    expect(answer).toEqual({
      status: 400,
      body: { error: 'invalid-parameter', parameter: 'expiresIn', message },
    });
    expect(found).toEqual([]);
  });

  test.each([undefined, '', 'Bearer wrong'])(
    'is made without credentials, whatever else is right or wrong: %j',
    async (authorization) => {
      for (const query of [{}, { expiresIn: 'wrong' }]) {
        const { answer, found } = await ask({ query, authorization });
        expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
        expect(found).toEqual([]);
      }
    },
  );

  test('is made when the archive cannot be asked, and that is not "not archived"', async () => {
    const failure = new Error('S3 is not there.');
    const archive = { find: () => Promise.reject(failure), presign: async () => URL };
    const { answer } = await ask({}, { archive });
    expect(answer).toEqual({ status: 503, body: { error: 'unavailable' } });
  });
});

test('no log line holds the link or the credentials', async () => {
  await ask();
  await ask({ query: { redirect: '1' } });
  await ask({ authorization: 'Bearer hunter2' });
  expect(logLines).toHaveLength(3);
  expect(JSON.stringify(logLines)).not.toMatch(/https:|signature|Bearer|hunter2/);
});
