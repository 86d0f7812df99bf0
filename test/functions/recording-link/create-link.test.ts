import { describe, expect, test } from 'vitest';
import {
  createLink,
  type LinkDeps,
  type LinkRequest,
} from '../../../functions/recording-link/create-link.ts';
import type { Grant, Principal } from '../../../functions/shared/access/principal.ts';
import type { AccessLog } from '../../../functions/shared/access-log/access-log.ts';
import type { LinkOptions } from '../../../functions/shared/recordings/archive-reader.ts';
import { captureLog } from '../capture-log.ts';

const RECORDING = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const KEY = `recordings/hq/2017/09/01/${RECORDING}`;
const FOUND = {
  bytes: 364,
  contentType: 'audio/wav',
  call: { callId: '1504261084.7', from: '1001' },
  verifiedBy: ['content-length', 'riff-header'],
};
const URL = 'https://bucket.s3.example/key?X-Amz-Signature=secret-signature';
const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const LINK = { url: URL, expiresAt: '2026-01-02T03:19:05.678Z' };

const logLines = captureLog();

const somebody: Principal = {
  person: 'token',
  by: 'token',
  grants: [{ pbxs: '*', rights: ['listen', 'download'] }],
};

const bearer = (token: string) => ({ authorization: `Bearer ${token}`, authorizer: undefined });

/** Requests a link from an archive with one recording; returns the response, and what was signed. */
async function ask(request: Partial<LinkRequest> = {}, deps: Partial<LinkDeps> = {}, recording = RECORDING) {
  const signed: (LinkOptions & { key: string })[] = [];
  const found: string[] = [];
  const accesses: Parameters<AccessLog['add']>[0][] = [];
  const path = { pbxId: 'hq', recording };
  const response = await createLink(
    { path, query: {}, caller: bearer('token'), address: '192.0.2.7', isHead: false, ...request },
    {
      identify: async ({ authorization }) => (authorization === 'Bearer token' ? somebody : undefined),
      archive: {
        async find(key) {
          found.push(key);
          return FOUND;
        },
        async presign(key, options) {
          signed.push({ key, ...options });
          return LINK;
        },
      },
      accessLog: {
        add: async (access) => {
          accesses.push(access);
        },
      },
      maxSeconds: 3600,
      now: () => NOW,
      ...deps,
    },
  );
  return { response, signed, found, accesses };
}

describe('an archived recording', () => {
  test('gets a link, with its size and the details of its call', async () => {
    const { response, signed } = await ask();
    const body = { recording: RECORDING, pbx: 'hq', ...LINK, ...FOUND };
    expect(response).toEqual({ status: 200, body });
    expect(signed).toEqual([{ key: KEY, fileName: RECORDING, download: false, seconds: 900, signedAt: NOW }]);
  });

  test('can be reached through a redirect', async () => {
    const { response } = await ask({ query: { redirect: '1' } });
    expect(response).toEqual({ status: 302, headers: { location: URL } });
  });

  test('gets a link valid for as long as requested, to save the file if that is requested', async () => {
    const { signed } = await ask({ query: { expiresIn: '3600', download: '1' } });
    expect(signed).toMatchObject([{ seconds: 3600, download: true }]);
  });
});

describe('the access log', () => {
  const access = { pbx: 'hq', recording: RECORDING, person: 'token', by: 'token', address: '192.0.2.7' };
  const on = (
    pbxs: string[],
    rights: ('listen' | 'download')[],
    extensions?: string[],
  ): Partial<LinkDeps> => ({
    identify: async () => ({ person: 'token', by: 'token', grants: [{ pbxs, rights, extensions }] }),
  });

  test.each([
    ['a link', {}, 'link-created'],
    ['a redirect', { redirect: '1' }, 'link-created'],
    ['a link to save the file', { download: '1' }, 'download-link-created'],
  ])('has a row for %s: who, what and from where', async (_, query, kind) => {
    expect((await ask({ query: query as Record<string, string> })).accesses).toEqual([{ kind, ...access }]);
  });

  test('has one for HEAD only if the response has the link', async () => {
    expect((await ask({ isHead: true })).accesses).toEqual([]);
    expect((await ask({ isHead: true, query: { redirect: '1' } })).accesses).toHaveLength(1);
  });

  test.each([
    ['at this PBX', on(['warehouse'], ['listen'])],
    ['of these extensions', on(['hq'], ['listen'], ['2000'])],
    ['to hear anything', on(['hq'], ['download'])],
    ['to save it', on(['hq'], ['listen'])],
  ])('has a row for whoever asks without the right %s', async (_, deps) => {
    const { accesses, response } = await ask({ query: { download: '1' } }, deps);
    expect(accesses).toEqual([{ kind: 'refused', reason: 'forbidden', ...access }]);
    expect(response.status).toBeGreaterThanOrEqual(403);
  });

  test('has none for a recording that is not archived, and for somebody whom nobody knows', async () => {
    const archive = { find: async () => undefined, presign: async () => LINK };
    expect((await ask({}, { archive })).accesses).toEqual([]);
    expect((await ask({ caller: bearer('wrong') })).accesses).toEqual([]);
  });
});

describe('no link', () => {
  test('is made for a recording that is not archived', async () => {
    const archive = {
      find: async () => undefined,
      presign: () => Promise.reject(new Error('Nothing to sign.')),
    };
    for (const query of [{}, { redirect: '1' }]) {
      const { response } = await ask({ query }, { archive });
      expect(response).toEqual({ status: 404, body: { error: 'not-archived' } });
    }
  });

  test('is made for an invalid request, and the response names the parameter', async () => {
    const { response, found } = await ask({ query: { expiresIn: '5' } });
    const message = 'should be whole seconds from 60 to 3600';
    expect(response).toEqual({
      status: 400,
      body: { error: 'invalid-parameter', parameter: 'expiresIn', message },
    });
    expect(found).toEqual([]);
  });

  test.each([undefined, '', 'Bearer wrong'])(
    'is made without credentials, whether the rest is valid or not: %j',
    async (authorization) => {
      for (const query of [{}, { expiresIn: 'wrong' }]) {
        const { response, found } = await ask({ query, caller: { authorization, authorizer: undefined } });
        expect(response).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
        expect(found).toEqual([]);
      }
    },
  );

  test('is made while S3 cannot be reached, and the response is not "not archived"', async () => {
    const failure = new Error('S3 is not there.');
    const archive = { find: () => Promise.reject(failure), presign: async () => LINK };
    const { response } = await ask({}, { archive });
    expect(response).toEqual({ status: 503, body: { error: 'unavailable' } });
  });
});

describe('a person who may hear only some recordings', () => {
  const as = (...grants: Grant[]): Partial<LinkDeps> => ({
    identify: async () => ({ person: 'Ann', by: 'jwt', grants }),
  });
  const notFound = { status: 404, body: { error: 'not-archived' } };

  test.each<[string, Grant, object]>([
    ['this PBX', { pbxs: ['hq'], rights: ['listen'] }, { status: 200 }],
    ['calls of 1001', { pbxs: '*', extensions: ['1001'], rights: ['listen'] }, { status: 200 }],
    ['calls of 1002', { pbxs: '*', extensions: ['1002'], rights: ['listen'] }, notFound],
    ['another PBX', { pbxs: ['shop'], rights: ['listen'] }, notFound],
    ['nothing', { pbxs: '*', rights: ['share'] }, { status: 403, body: { error: 'forbidden' } }],
  ])(
    'those of %s, gets what they may hear, and does not learn what else there is',
    async (_, grant, expected) => {
      const { response, signed } = await ask({}, as(grant));
      expect(response).toMatchObject(expected);
      expect(signed).toHaveLength(response.status === 200 ? 1 : 0);
    },
  );

  test('does not make S3 tell what another PBX has', async () => {
    expect((await ask({}, as({ pbxs: ['shop'], rights: ['listen'] }))).found).toEqual([]);
  });

  test('may save them with the right to, which another grant does not give', async () => {
    const query = { download: '1' };
    const listen: Grant = { pbxs: ['hq'], rights: ['listen'] };
    const refused = await ask({ query }, as(listen, { pbxs: ['shop'], rights: ['listen', 'download'] }));
    expect(refused.response).toEqual({ status: 403, body: { error: 'forbidden' } });
    const saved = await ask({ query }, as(listen, { pbxs: ['hq'], rights: ['download'] }));
    expect(saved.response.status).toBe(200);
  });
});

test('no log line contains the link or the credentials', async () => {
  await ask();
  await ask({ query: { redirect: '1' } });
  await ask({ caller: bearer('hunter2') });
  expect(logLines).toHaveLength(3);
  expect(JSON.stringify(logLines)).not.toMatch(/https:|signature|Bearer|hunter2/);
});
