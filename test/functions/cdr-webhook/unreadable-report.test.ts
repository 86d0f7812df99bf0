import { describe, expect, test } from 'vitest';
import { readReport } from '../../../functions/shared/pbx/s-series/report.ts';
import { exampleCall, exampleReport } from './example-report.ts';

const read = (changes: object, serialNumber?: string) =>
  readReport(JSON.stringify({ ...exampleReport, ...changes }), serialNumber);

describe('a serial number', () => {
  test('other than the configured one makes the report foreign', () => {
    const report = read({ sn: '369362089170' }, exampleReport.sn);
    expect(report).toMatchObject({ kind: 'unreadable', code: 'report-foreign' });
    expect(JSON.stringify(report)).not.toContain('36936208917');
  });

  test('may be a number', () => {
    expect(read({ sn: 369362089179 }, exampleReport.sn).kind).toBe('recorded-call');
    expect(read({ sn: 369362089170 }, exampleReport.sn).kind).toBe('unreadable');
  });

  test('may be missing, as in reports of old firmware', () => {
    for (const sn of [undefined, null, '']) expect(read({ sn }, exampleReport.sn).kind).toBe('recorded-call');
  });

  test('is not checked when none is configured', () => {
    expect(read({ sn: 'anything' }).kind).toBe('recorded-call');
  });
});

describe('a body that is not a report', () => {
  test.each([
    '',
    ' ',
    'action=NewCdr&recording=a.wav',
    '<report/>',
    '{"action":"NewCdr","recording":"a.w',
    '{"action":"NewCdr","recording":',
    '{"action":"NewCdr","callfrom":"1\t2"}',
    '{"action":',
    'null',
    'true',
    '42',
    '"NewCdr"',
    '[]',
    '[{"action":"NewCdr","recording":"a.wav"}]',
    '{}',
    '{"recording":"a.wav"}',
    '{"action":null,"event":""}',
    '{"action":{"name":"NewCdr"}}',
    '{"action":["NewCdr"]}',
    '\u0000',
  ])('is malformed, and nothing throws: %j', (body) => {
    expect(readReport(body, undefined)).toEqual({ kind: 'malformed' });
  });

  test.each(['recording', 'sn'])(
    'because its %s has another shape gets a reason that names the field, not its value',
    (key) => {
      const report = read({ [key]: { private: 'value' } }, exampleReport.sn);
      expect(report).toMatchObject({ kind: 'unreadable', code: 'report-malformed' });
      expect(JSON.stringify(report)).toContain(key);
      expect(JSON.stringify(report)).not.toContain('private');
    },
  );
});

describe('a recording name', () => {
  test.each([
    ['with half a surrogate pair', 'a\ud83d.wav'],
    ['of 256 bytes', `${'a'.repeat(252)}.wav`],
    ['of 256 bytes in fewer characters', `${'é'.repeat(126)}.wav`],
  ])('%s makes the report unreadable, and the reason does not quote it', (_, recording) => {
    const report = read({ recording });
    expect(report).toMatchObject({ kind: 'unreadable', code: 'recording-name-unusable' });
    expect(JSON.stringify(report)).not.toContain(JSON.stringify(recording).slice(1, -1));
  });

  test.each([
    ['with a slash', '2017/a.wav'],
    ['that leads out of a folder', '../a.wav'],
    ['with a backslash', '2017\\a.wav'],
    ['with a line break', 'a\nb.wav'],
    ['with a NUL', 'a\0.wav'],
    ['with a DEL', 'a\x7f.wav'],
    ['with a C1 control', 'a\x85.wav'],
    ['with a leading dot', '.htaccess'],
  ])('%s is passed on as it is, because the PBX knows the recording by it', (_, recording) => {
    expect(read({ recording })).toMatchObject({ kind: 'recorded-call', recording });
  });
});

describe('a report that is not quite JSON is read by its fields:', () => {
  const { recording } = exampleReport;
  const json = JSON.stringify(exampleReport);
  const withField = (field: string) => `${json.slice(0, -1)},${field}}`;

  test.each([
    ['a number with leading zeros', '"callto":"1000"', '"callto":0049301234', { to: '0049301234' }],
    ['a number with a plus', '"callto":"1000"', '"callto":+49301234', { to: '+49301234' }],
    ['a tab in a name', '"callfrom":"102"', '"callfrom":"Reception\tBerlin"', {}],
    ['a backslash in a name', '"callfrom":"102"', '"callfrom":"A\\B"', {}],
    ['quotation marks in a name', '"callfrom":"102"', '"callfrom":"Bob "Bobby" Brown"', {}],
    ['a line break in a name', '"callfrom":"102"', '"callfrom":"A\nB"', {}],
  ])('%s', (_, valid, field, replaced) => {
    expect(json).toContain(valid);
    expect(() => JSON.parse(json.replace(valid, field))).toThrow();
    const { from, ...others } = exampleCall;
    const call = 'to' in replaced ? { from, ...others, ...replaced } : others;
    expect(readReport(json.replace(valid, field), exampleReport.sn)).toEqual({
      kind: 'recorded-call',
      recording,
      call,
    });
  });

  test('a NUL, or several, after the JSON', () => {
    for (const padding of ['\0', '\r\n\0', '\0'.repeat(64)]) {
      expect(readReport(JSON.stringify(exampleReport) + padding, exampleReport.sn)).toMatchObject({
        kind: 'recorded-call',
        recording,
      });
    }
  });

  test.each(['false', '0', '"N/A"', '""'])('a recording that says that there is none: %s', (none) => {
    const report = `{"action":"NewCdr","callfrom":"1\t2","recording":${none}}`;
    expect(readReport(report, undefined)).toEqual({ kind: 'ignored', event: 'NewCdr' });
  });

  test('with the same checks: serial number, name, event', () => {
    const broken = '"callfrom":"1\t2"';
    expect(readReport(withField(broken), 'another')).toMatchObject({ code: 'report-foreign' });
    expect(readReport(withField(`"x":"1\t2"`).replace(recording, 'x'.repeat(256)), undefined)).toMatchObject({
      code: 'recording-name-unusable',
    });
    expect(readReport(`{"event":"RING","members":["a\tb"]}`, undefined)).toEqual({
      kind: 'ignored',
      event: 'RING',
    });
    expect(readReport(`{"action":"BootUp","name":"a\tb"}`, undefined)).toEqual({ kind: 'boot-up' });
  });
});
