import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type CdrRow, readCdrs } from '../../../../functions/shared/call-log/read-cdrs.ts';
import { ArchiveError } from '../../../../functions/shared/errors.ts';

const HEADER =
  'callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,pincode,recording,didnumber,sn';
const NAME = '20170901181806-1504261084.7-1001-1003-Internal.wav';
const row = (recording: string, sn = '369362089179') =>
  `1504261084.7,2017-09-01 18:18:06,1001,1003,12,10,,,ANSWERED,Internal,,${recording},,${sn}`;

const never = new AbortController().signal;

async function collect(rows: AsyncIterable<CdrRow>): Promise<CdrRow[]> {
  const collected: CdrRow[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

const read = (text: string | Buffer | (string | Buffer)[]) =>
  collect(readCdrs(Readable.from([text].flat().map((chunk) => Buffer.from(chunk))), never));

const namesOf = (rows: CdrRow[]) =>
  rows.map((cdrRow) => ('recording' in cdrRow ? cdrRow.recording : `row ${cdrRow.row}`));
const namesIn = async (text: string) => namesOf(await read(text));

async function codeOf(reading: Promise<unknown>): Promise<string> {
  const error: unknown = await reading.then(
    () => 'none',
    (failure) => failure,
  );
  return error instanceof ArchiveError ? error.code : String(error);
}

describe('a CDR file', () => {
  test('yields the recorded calls with all their details', async () => {
    const rows = await read(`${HEADER}\n${row('')}\n${row(NAME)}\n`);
    expect(rows).toEqual([
      {
        recording: NAME,
        cdr: expect.objectContaining({
          callid: '1504261084.7',
          timestart: '2017-09-01 18:18:06',
          callfrom: '1001',
          callduraction: '12',
          srctrunkname: undefined,
          recording: NAME,
          sn: '369362089179',
        }),
      },
    ]);
  });

  test('is read by its header: in any order and case, with unknown columns and with a byte order mark', async () => {
    const rows = await read(
      '\uFEFFColour, SN,Recording ,callid\r\nred,1,a.wav,7\r\ngreen,1,,8\r\nblue,1,b.wav,9\r\n',
    );
    expect(namesOf(rows)).toEqual(['a.wav', 'b.wav']);
    expect(rows[1]).toMatchObject({ cdr: { callid: '9', sn: '1' } });
    expect(rows[1]).not.toHaveProperty('cdr.colour');
  });

  test('may quote every name and value', async () => {
    expect(await namesIn('\uFEFF"recording","sn"\n"a.wav","1"\n"b,c.wav","1"\n')).toEqual([
      'a.wav',
      'b,c.wav',
    ]);
  });

  test('may arrive in chunks of any size', async () => {
    const bytes = Buffer.from(
      `\uFEFF${HEADER}\r\n${row('früh.wav')}\r\n${row('"with ""quotes"", and commas.wav"')}\r\n`,
    );
    for (const size of [1, 2, 7]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(namesOf(await read(pieces))).toEqual(['früh.wav', 'with "quotes", and commas.wav']);
    }
  });

  test('keeps spaces, plus signs and quotation marks in a name', async () => {
    const names = [' +49 30-*43#.wav', 'call "Bob" 7.wav', "it's.wav"];
    expect(await namesIn(`recording,sn\n${names.map((name) => `${name},1\n`).join('')}`)).toEqual(names);
  });

  test('may contain no calls, only empty lines, or nothing at all', async () => {
    for (const text of [`${HEADER}\n`, `${HEADER}\n\n\n`, '\n', '']) expect(await read(text)).toEqual([]);
  });

  test('is not read further than its reader needs', async () => {
    let given = 0;
    async function* endless() {
      yield Buffer.from(`${HEADER}\n`);
      for (; ; given += 1) yield Buffer.from(`${row(NAME)}\n`.repeat(100));
    }
    const body = Readable.from(endless());
    for await (const _ of readCdrs(body, never)) break;
    expect(given).toBeLessThan(100);
    expect(body.destroyed).toBe(true);
  });
});

describe('an unusable row is reported by its number, and the others are read:', () => {
  test.each([
    ['with too few columns', 'a,b,c', 'it has 3 columns, not 14'],
    ['with too many columns', `${row('x.wav')},more`, 'it has 15 columns, not 14'],
    [
      'with a name that leads out of its folder',
      row('../../x.wav'),
      "the recording's name cannot be used: it starts with a dot",
    ],
    [
      'with a control character in the name',
      row('"a\nb.wav"'),
      "the recording's name cannot be used: it contains a control character",
    ],
    ['with a blank name', row('  '), "the recording's name cannot be used: it is blank"],
  ])('%s', async (_, bad, problem) => {
    const rows = await read(`${HEADER}\n${row('a.wav')}\n${bad}\n${row('b.wav')}\n`);
    expect(namesOf(rows)).toEqual(['a.wav', 'row 3', 'b.wav']);
    expect(rows[1]).toEqual({ row: 3, problem });
  });
});

describe('a file whose end is missing', () => {
  const whole = `${HEADER}\n${row('a.wav')}\n${row(NAME)}\n`;

  test('never yields a recording with half a name, wherever it ends', async () => {
    for (let bytes = HEADER.length + 1; bytes < whole.length; bytes++) {
      for (const it of await read(whole.slice(0, bytes))) {
        if ('recording' in it) expect(['a.wav', NAME]).toContain(it.recording);
        else expect(it.problem).toMatch(/^it has \d+ columns, not 14$/);
      }
    }
  });

  test('yields the rows before the end, and reports that the last one is unusable', async () => {
    const cut = whole.slice(0, whole.indexOf(NAME) + 20);
    expect(await namesIn(cut)).toEqual(['a.wav', 'row 3']);
  });

  test('leaves out a value that is cut off', async () => {
    const [, last] = await read(whole.slice(0, -6));
    expect(last).toMatchObject({ recording: NAME, cdr: { callid: '1504261084.7' } });
    expect(last).not.toHaveProperty('cdr.sn');
  });

  test('does not yield the last name unless something follows it', async () => {
    expect(await namesIn('callid,recording\n1,a.wav\n2,b.wa')).toEqual(['a.wav', 'row 3']);
    expect(await namesIn('callid,recording\n1,a.wav\n2,b.wav\n')).toEqual(['a.wav', 'b.wav']);
    expect(await namesIn('callid,recording\r\n1,a.wav\r\n2,b.wav\r\n')).toEqual(['a.wav', 'b.wav']);
  });

  test('in the middle of its header is malformed', async () => {
    expect(await codeOf(read(HEADER.slice(0, 40)))).toBe('cdr-malformed');
  });
});

describe('a response instead of a CDR file', () => {
  test.each([
    ['{"status":"Failed","errno":"20006"}', 'pbx-20006'],
    ['\uFEFF\n {"status":"Failed",\n "errno":20004}', 'pbx-20004'],
    ['{"status":"Success"}', 'cdr-malformed'],
    ['{"status":', 'pbx-bad-response'],
    ['{'.repeat(1000), 'pbx-bad-response'],
    ['<html><body>Please log in</body></html>', 'cdr-malformed'],
    ['file not found', 'cdr-malformed'],
    [`${HEADER.replace('recording', 'file')}\n${row('a.wav')}\n`, 'cdr-malformed'],
  ])('is an error: %.40s', async (text, code) => {
    expect(await codeOf(read(text))).toBe(code);
    // A PBX may send a response in several chunks, too.
    expect(await codeOf(read([text.slice(0, 9), text.slice(9)]))).toBe(code);
  });

  test('is not read endlessly', async () => {
    async function* endless() {
      for (;;) yield Buffer.from('{'.repeat(1000));
    }
    expect(await codeOf(collect(readCdrs(Readable.from(endless()), never)))).toBe('cdr-malformed');
  });

  test('requires a new session when it says that the token has expired', async () => {
    await expect(read('{"status":"Failed","errno":"20006"}')).rejects.toMatchObject({
      kind: 'session-expired',
    });
  });

  test('with an unclosed quotation mark is malformed, and no value is quoted', async () => {
    const start = `${HEADER}\n"+49 30 901820,`;
    expect(await codeOf(read(start))).toBe('cdr-malformed');
    await expect(read(start + 'x'.repeat(100_000))).rejects.toThrow(/CSV_MAX_RECORD_SIZE/);
    await expect(read(start)).rejects.not.toThrow(/901820/);
  });
});

describe('a connection that fails', () => {
  const failing = (error: Error) =>
    async function* () {
      yield Buffer.from(`${HEADER}\n${row('a.wav')}\n${row('b.wav')}\n`);
      await setImmediate();
      throw error;
    };

  test('rejects with its code only', async () => {
    const error = Object.assign(new Error('https://pbx/?token=secret'), { code: 'UND_ERR_SOCKET' });
    const reading = collect(readCdrs(Readable.from(failing(error)()), never));
    await expect(reading).rejects.toMatchObject({
      code: 'pbx-connection',
      message: 'The connection to the PBX failed (UND_ERR_SOCKET).',
    });
  });

  test('because time ran out says so', async () => {
    const stopping = new AbortController();
    stopping.abort(new ArchiveError('deadline', 'The function ran out of time.'));
    const reading = collect(readCdrs(Readable.from(failing(new Error('aborted'))()), stopping.signal));
    expect(await codeOf(reading)).toBe('deadline');
  });
});
