import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pSeriesReports, readReport } from '../../../../../functions/shared/pbx/p-series/report.ts';

/** 592 bytes, and the signature that belongs to them. */
const EXAMPLE = readFileSync(join(import.meta.dirname, '30012-example.txt'));
const SECRET = '0123456789abcdefghijklmnopqrstuv';
const SIGNATURE = 'knf781U2/iFHZrTX4IPdOwdTpDWzHhKUflyY2U3yz5Q=';
const RECORDING = '20251009105326-1760000000.42-5550100-2001-Inbound.wav';

const envelope = JSON.parse(EXAMPLE.toString());
const message = JSON.parse(envelope.msg);
const read = (changes: object, asText = true, sn?: string) => {
  const msg = { ...message, ...changes };
  return readReport(JSON.stringify({ ...envelope, msg: asText ? JSON.stringify(msg) : msg }), sn);
};

describe('a signature', () => {
  const { isAuthentic } = pSeriesReports('signature');
  const request = { secret: 'p-series', signature: SIGNATURE, body: EXAMPLE };

  test('proves the bytes of the body', () => {
    expect(EXAMPLE).toHaveLength(592);
    expect(isAuthentic(request, SECRET)).toBe(true);
  });

  test('may have blanks around it', () => {
    expect(isAuthentic({ ...request, signature: ` ${SIGNATURE} ` }, SECRET)).toBe(true);
  });

  test('is wrong for any other byte of the body, even one that JSON ignores', () => {
    for (const body of [Buffer.concat([EXAMPLE, Buffer.from('\n')]), EXAMPLE.subarray(1), Buffer.alloc(0)]) {
      expect(isAuthentic({ ...request, body }, SECRET)).toBe(false);
    }
  });

  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['hexadecimal', Buffer.from(SIGNATURE, 'base64').toString('hex')],
    ['not padded', SIGNATURE.slice(0, -1)],
    ['prefixed', `sha256=${SIGNATURE}`],
    ['that of another secret', createHmac('sha256', `${SECRET}!`).update(EXAMPLE).digest('base64')],
  ])('that is %s proves nothing', (_, signature) => {
    expect(isAuthentic({ ...request, signature }, SECRET)).toBe(false);
  });

  test('is one of bytes that are no UTF-8, too', () => {
    const body = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    const signature = createHmac('sha256', SECRET).update(body).digest('base64');
    expect(isAuthentic({ ...request, body, signature }, SECRET)).toBe(true);
  });

  test('may be made with either of two secrets during a change, and never with an empty one', () => {
    const { secretsOf } = pSeriesReports('signature');
    const credentials = { username: '', password: '', webhookSecret: 'path-secret-of-the-stack' };
    expect(secretsOf({ ...credentials, signatureSecrets: ['new', 'old'] })).toEqual(['new', 'old']);
    expect(secretsOf({ ...credentials, signatureSecrets: [] })).toEqual([]);
    expect(secretsOf(credentials)).toEqual([]);
  });

  test('is not asked for if the secret is in the path; its length is that of other report URLs', () => {
    const { isAuthentic: isInPath, secretsOf } = pSeriesReports('path');
    const webhookSecret = '0123456789'.repeat(5);
    const [secret = ''] = secretsOf({ username: '', password: '', webhookSecret });
    expect(secret).toBe('01234567890123456789012345');
    expect(isInPath({ ...request, secret, signature: undefined }, secret)).toBe(true);
    expect(isInPath({ ...request, secret: 'p-series' }, secret)).toBe(false);
  });
});

describe('event 30012', () => {
  test.each([
    ['text', true],
    ['an object', false],
  ])('is a recorded call, with its message as %s', (_, asText) => {
    expect(read({}, asText)).toEqual({
      kind: 'recorded-call',
      recording: RECORDING,
      call: {
        callId: '1760000000.42',
        from: '5550100',
        to: '2001',
        type: 'Inbound',
        status: 'ANSWERED',
        start: '2025-10-09 10:53:20',
        talkSeconds: '55',
        trunk: 'trunk-a',
        did: '5550199',
        serialNumber: '3600000000TST',
      },
    });
  });

  test.each([true, false])('keeps the 0 at the end of a call id that is a number (as text: %s)', (asText) => {
    const msg = JSON.stringify({ ...message, call_id: 0 }).replace('"call_id":0', '"call_id":1760000000.420');
    const body = JSON.stringify({ ...envelope, msg: asText ? msg : 0 });
    const report = readReport(asText ? body : body.replace('"msg":0', `"msg":${msg}`), undefined);
    expect(report).toMatchObject({ call: { callId: '1760000000.420' } });
  });

  test('does not pass on the PIN that the caller has entered', () => {
    expect(JSON.stringify(read({ pin_code: '482915' }))).not.toContain('482915');
  });

  test('has a blank for a trunk that was not used', () => {
    expect(read({ src_trunk_name: ' ', dst_trunk_name: 'trunk-b' })).toMatchObject({
      call: { trunk: 'trunk-b' },
    });
    const report = read({ src_trunk_name: '', dst_trunk_name: ' ' });
    expect(report).toMatchObject({ kind: 'recorded-call' });
    expect(report).not.toHaveProperty('call.trunk');
  });

  test('has a blank for a DID that was not called', () => {
    expect(read({ did_number: ' ' })).not.toHaveProperty('call.did');
  });

  test.each([[''], [' '], [null], [undefined], ['0'], ['false']])(
    'of a call that was not recorded is ignored: %j',
    (recording) => {
      expect(read({ recording })).toEqual({ kind: 'ignored', event: '30012' });
      expect(read({ recording }, true, 'OTHER')).toEqual({ kind: 'ignored', event: '30012' });
    },
  );

  test('with a detail of another shape keeps its recording', () => {
    expect(read({ call_id: { id: 1 }, talk_duration: '55' })).toMatchObject({
      recording: RECORDING,
      call: { talkSeconds: '55' },
    });
  });

  test('of another PBX is set aside; a serial number may be absent', () => {
    expect(read({}, true, '3600000000TST').kind).toBe('recorded-call');
    expect(read({}, true, 'OTHER')).toMatchObject({ kind: 'unreadable', code: 'report-foreign' });
    const { sn, ...rest } = envelope;
    expect(readReport(JSON.stringify(rest), 'OTHER').kind).toBe('recorded-call');
  });

  test('with a name that cannot be used is set aside', () => {
    expect(read({ recording: 'x'.repeat(300) })).toMatchObject({ code: 'recording-name-unusable' });
  });

  test.each([
    ['not JSON'],
    ['"text"'],
    ['[]'],
    [JSON.stringify([message])],
    [42],
    [null],
    [undefined],
    [[]],
    [[message]],
  ])('whose message is neither is set aside: %j', (msg) => {
    expect(readReport(JSON.stringify({ ...envelope, msg }), undefined)).toEqual({
      kind: 'unreadable',
      code: 'report-malformed',
      reason: 'Its msg is neither an object nor text that holds one.',
    });
  });

  test('whose recording has another shape is set aside, and the reason names the field', () => {
    expect(read({ recording: ['a.wav'] })).toMatchObject({
      code: 'report-malformed',
      reason: expect.stringContaining('recording'),
    });
  });

  test('may have its type as text', () => {
    expect(readReport(JSON.stringify({ ...envelope, type: '30012' }), undefined).kind).toBe('recorded-call');
  });
});

test.each([
  ['{"type":30011,"sn":"3600000000TST","msg":"{\\"recording\\":\\"a.wav\\"}"}', '30011'],
  ['{"type":30033,"msg":{"download_resource_url":"/api/x"}}', '30033'],
  ['{"type":30036}', '30036'],
  ['{"type":30039,"sn":"OTHER","msg":[]}', '30039'],
  ['{"event":"test"}', 'test'],
])('any other event is ignored: %s', (body, event) => {
  expect(readReport(body, '3600000000TST')).toEqual({ kind: 'ignored', event });
});

test.each(['', 'null', '[]', '{}', '{"type":null}', '{"type":{}}', 'test', '{"type":30012'])(
  'a body without an event is malformed: %j',
  (body) => {
    expect(readReport(body, undefined)).toEqual({ kind: 'malformed' });
  },
);

test.each([
  ['signature', 'p-series'],
  // A path that ends in a secret is not for everybody who reads this.
  ['path', 'SECRET'],
] as const)('what to enter in its web page is said, if reports are authentic by their %s', (kind, end) => {
  const { setUp } = pSeriesReports(kind);
  expect(setUp?.('http://192.0.2.7:8260', 'hq')).toBe(
    `add one in the PBX (Integrations > API): POST to http://192.0.2.7:8260/reports/hq/${end}, event 30012`,
  );
});
