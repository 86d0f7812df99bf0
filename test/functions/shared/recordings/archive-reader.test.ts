import { S3Client } from '@aws-sdk/client-s3';
import { parse } from 'content-disposition';
import { describe, expect, test } from 'vitest';
import { createArchiveReader } from '../../../../functions/shared/recordings/archive-reader.ts';
import { noteSecretsOf } from '../../../log-secrets/collect.ts';

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
// Signing needs no request.
const archive = createArchiveReader(new S3Client({ region: 'eu-central-1', credentials }), 'recordings');
const options = {
  fileName: 'call.wav',
  download: false,
  seconds: 3600,
  signedAt: Date.parse('2026-01-02T03:04:05.678Z'),
};

async function sign(changes: Partial<typeof options> = {}) {
  const link = await archive.presign('recordings/hq/call.wav', { ...options, ...changes });
  noteSecretsOf(JSON.stringify(link));
  return { ...link, query: new URL(link.url).searchParams };
}

describe('a presigned link', () => {
  test('is valid from when it was signed, and says until when', async () => {
    const { url, expiresAt, query } = await sign();
    expect(new URL(url).pathname).toBe('/recordings/hq/call.wav');
    expect(expiresAt).toBe('2026-01-02T04:04:05.678Z');
    expect(Object.fromEntries(query)).toMatchObject({
      'X-Amz-Date': '20260102T030405Z',
      'X-Amz-Expires': '3600',
    });
  });

  // OWASP, Session Management Cheat Sheet, "Web Content Caching": the browser of a shared computer keeps what it may.
  test('lets no browser keep the recording on its disk', async () => {
    for (const download of [true, false]) {
      const { query } = await sign({ fileName: 'call.wav', download });
      expect(query.get('response-cache-control')).toBe('private, no-store');
    }
  });

  test.each([
    '20170901181806-1504261084.7-1001-1003-Internal.wav',
    '20170901181806-1504261084.7-+49 30 *1234#-1003-Inbound.wav',
    'with "quotes", semicolon; and \'apostrophe\'.wav',
    '100% of %41.wav',
    'Zoë und Ærøskøbing.wav',
    '日本語 📞.yswav',
  ])('makes a browser save or play the file under its name: %s', async (fileName) => {
    for (const [download, type] of [
      [true, 'attachment'],
      [false, 'inline'],
    ] as const) {
      const { query } = await sign({ fileName, download });
      const disposition = query.get('response-content-disposition') ?? '';
      expect(disposition).toMatch(/^[ -~]+$/);
      expect(parse(disposition)).toMatchObject({ type, parameters: { filename: fileName } });
    }
  });
});
