import { describe, expect, test } from 'vitest';
import { readReport } from '../../../../../functions/shared/pbx/s-series/report.ts';
import { exampleCall, exampleReport } from '../../../cdr-webhook/example-report.ts';

const SERIAL_NUMBER = exampleReport.sn;

const read = (report: object) => readReport(JSON.stringify(report), SERIAL_NUMBER);
const readWith = (changes: object) => read({ ...exampleReport, ...changes });
const without = (...keys: string[]) =>
  Object.fromEntries(Object.entries(exampleReport).filter(([key]) => !keys.includes(key)));

/** The details of the call in a report; throws if it is not of a recorded call. */
function callIn(report: object) {
  const result = read(report);
  if (result.kind !== 'recorded-call') throw new Error(`The report is ${result.kind}.`);
  return result.call;
}

describe('a report of a recorded call', () => {
  const whole = { kind: 'recorded-call', recording: exampleReport.recording, call: exampleCall };

  test('is read in the format of the v1 guide', () => {
    expect(read(exampleReport)).toEqual(whole);
  });

  test('may have event instead of action, as in v2', () => {
    expect(read({ ...without('action'), event: 'NewCdr' })).toEqual(whole);
  });

  test('is recognized by its event when its action is empty', () => {
    expect(readWith({ action: null, event: 'NewCdr' })).toEqual(whole);
    expect(readWith({ action: '', event: 'NewCdr' })).toEqual(whole);
  });

  test('may have numbers where the guide has strings', () => {
    const numbers = { callid: 1505352445.265, callfrom: 102, callto: 1000, talkduraction: 29 };
    expect(readWith({ ...numbers, didnumber: 5503301, sn: 369362089179 })).toEqual(whole);
  });

  test.each([
    // Asterisk counts channels after the dot: each tenth one ends in 0.
    ['callid', '1505352445.270', 'callId'],
    ['callid', '1505352445.0', 'callId'],
    ['callto', '49301234567890123456', 'to'],
    ['callto', '493012345678901234567890', 'to'],
  ])('keeps every digit of a %s that is a number: %s', (field, digits, fact) => {
    const body = JSON.stringify({ ...exampleReport, [field]: 0 }).replace(
      `"${field}":0`,
      `"${field}":${digits}`,
    );
    expect(readReport(body, SERIAL_NUMBER)).toMatchObject({ call: { [fact]: digits } });
  });

  test('may have whitespace in and around its JSON', () => {
    expect(readReport(`\r\n ${JSON.stringify(exampleReport, null, 2)}\r\n`, SERIAL_NUMBER)).toEqual(whole);
  });

  test.each(['"recording":"OLD.wav","sn":"1"}', '}', 'OLD'])(
    'may have a NUL after it, and the rest of a buffer: %s',
    (rest) => {
      expect(readReport(`${JSON.stringify(exampleReport)}\0${rest}`, SERIAL_NUMBER)).toEqual(whole);
    },
  );

  test('that is not quite JSON is not mixed with what is left over from another one', () => {
    const body = JSON.stringify(exampleReport).replace('"29"', '029');
    const rest = '"recording":"OLD.wav","callfrom":"OLD"}';
    for (const text of [`${body}\0${rest}`, `${body}${rest}`]) {
      expect(readReport(text, SERIAL_NUMBER)).toMatchObject({
        recording: exampleReport.recording,
        call: { from: exampleCall.from },
      });
    }
  });

  test.each([' ', '\0', '\n', '\r\n', '\t', ' \0\0\0'])(
    'may have %j after the name of its recording',
    (padding) => {
      expect(readWith({ recording: exampleReport.recording + padding })).toEqual(whole);
    },
  );

  test.each([' a.wav', 'a .wav', '\ta.wav'])(
    'may have blanks in the name of its recording: %j',
    (recording) => {
      expect(readWith({ recording })).toMatchObject({ recording });
    },
  );

  test('of nothing but NULs in the place of a name was not recorded', () => {
    expect(readWith({ recording: '\0\0' })).toEqual({ kind: 'ignored', event: 'NewCdr' });
  });

  test.each(['NewCdr ', ' NewCdr', 'newcdr', 'NEWCDR', 'NewCDR\r\n'])('may write its event %j', (action) => {
    expect(readWith({ action })).toEqual(whole);
  });

  test('may have unknown fields of any type', () => {
    expect(readWith({ members: [{ ext: { number: '102' } }], pincode: 0 })).toEqual(whole);
  });

  test.each(['desttrunkname', 'dsttrcunkname', 'dsttrunkname', 'dstrunkname'])(
    'may spell its trunk %s',
    (key) => {
      expect(callIn({ ...without('srctrunkname'), [key]: 'SIP_out' }).trunk).toBe('SIP_out');
      expect(callIn({ ...exampleReport, srctrunkname: '', [key]: 'SIP_out' }).trunk).toBe('SIP_out');
    },
  );

  test.each(['talkduration', 'talkduraction'])('may spell its duration %s', (key) => {
    expect(callIn({ ...without('talkduraction'), [key]: '31' }).talkSeconds).toBe('31');
    expect(callIn({ ...without('talkduraction'), [key]: 0 }).talkSeconds).toBe('0');
  });

  test.each([
    ['absent', {}],
    ['null', { callto: null, didnumber: null, srctrunkname: null, sn: null }],
    ['empty', { callto: '', didnumber: '', srctrunkname: '', sn: '' }],
  ])('leaves out details that are %s', (_, unknown) => {
    const { to, did, trunk, serialNumber, ...known } = exampleCall;
    expect(callIn({ ...without('callto', 'didnumber', 'srctrunkname', 'sn'), ...unknown })).toEqual(known);
  });

  test('needs only the name of its recording', () => {
    expect(read({ action: 'NewCdr', recording: 'a.wav' })).toEqual({
      kind: 'recorded-call',
      recording: 'a.wav',
      call: {},
    });
  });

  test.each([
    '20170901181806-1504261084.7-1001-*45#-Outbound.wav',
    '20170901181806-1504261084.7-+49 30 1234-1001-Inbound.wav',
    'Gespräch mit Zoë 📞.yswav',
    'no-date-at-all',
  ])('keeps the name unchanged: %s', (recording) => {
    expect(readWith({ recording })).toMatchObject({ kind: 'recorded-call', recording });
  });
});

describe('among the reports that are ignored,', () => {
  test.each([
    ['absent', without('recording')],
    ['null', { ...exampleReport, recording: null }],
    ['empty', { ...exampleReport, recording: '' }],
  ])('a call whose recording is %s was not recorded', (_, report) => {
    expect(read(report)).toEqual({ kind: 'ignored', event: 'NewCdr' });
  });

  test.each([
    false,
    true,
    0,
    1,
    -1,
    1.5,
    '0',
    'false',
    'null',
    'NULL',
    'N/A',
    'n/a',
    'NA',
    'none',
    'no',
    '-',
    '--',
    ' - ',
  ])('a call whose recording is no file name was not recorded: %j', (recording) => {
    expect(readWith({ recording })).toEqual({ kind: 'ignored', event: 'NewCdr' });
  });

  test.each(['0.wav', 'null.wav', 'n', 'none at all', '1-2', '20240517090000-1715936400.1-1001-1003'])(
    'there is none whose recording may be a file name: %s',
    (recording) => {
      expect(readWith({ recording })).toMatchObject({ kind: 'recorded-call', recording });
    },
  );

  test.each([
    { event: 'RING', callid: '1.2', members: [{ extension: { number: '102', memberstatus: 'RING' } }] },
    { action: 'ExtensionStatus', extension: '100', status: { registered: true }, type: [] },
    { action: 'BYE', callid: { inner: 1 }, recording: ['a.wav'], sn: { of: 'somebody' } },
    { event: 'NewCdrX', recording: '../etc/passwd' },
  ])('other events may contain anything: %o', (report) => {
    expect(read(report)).toEqual({ kind: 'ignored', event: report.event ?? report.action });
  });
});

describe('BootUp', () => {
  test('is recognized in both API versions, with or without a serial number', () => {
    expect(read({ action: 'BootUp', sn: SERIAL_NUMBER })).toEqual({ kind: 'boot-up' });
    expect(read({ event: 'BootUp', sn: Number(SERIAL_NUMBER) })).toEqual({ kind: 'boot-up' });
    expect(read({ event: 'BootUp' })).toEqual({ kind: 'boot-up' });
    expect(read({ event: 'bootup ' })).toEqual({ kind: 'boot-up' });
  });

  test('may have other fields of any type', () => {
    const report = { action: 'BootUp', sn: SERIAL_NUMBER, status: { lan: ['up'] }, type: [], recording: {} };
    expect(read(report)).toEqual({ kind: 'boot-up' });
  });

  test('of another PBX is foreign', () => {
    expect(read({ action: 'BootUp', sn: '1' })).toMatchObject({ kind: 'unreadable', code: 'report-foreign' });
  });
});

test('a call is archived without the details that have an unexpected type', () => {
  const body = JSON.stringify({ ...exampleReport, callid: { odd: 1 }, status: [] });
  const report = readReport(`\uFEFF${body}`, undefined);
  expect(report).toMatchObject({ kind: 'recorded-call', recording: exampleReport.recording });
  expect(report).not.toHaveProperty('call.callId');
  expect(report).not.toHaveProperty('call.status');
});
