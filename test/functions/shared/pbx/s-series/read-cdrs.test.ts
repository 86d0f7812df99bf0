import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../../../functions/shared/errors.ts';
import { type CdrRow, readCdrs, StrayQuote } from '../../../../../functions/shared/pbx/s-series/read-cdrs.ts';

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

  test.each([
    ['a row in order', '1001'],
    ['a row with a comma in a name', 'Meyer, Anna'],
    ['a row with commas in both names', 'Meyer, Anna,Weiß, Jan'],
  ])('does not pass on the PIN that somebody has entered: %s', async (_, name) => {
    const withPin = row(NAME).replace(',,2017', ',48#2915,2017').replace(',1001,', `,${name},`);
    const [found, ...others] = await read(`${HEADER}\n${withPin}\n`);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ recording: NAME });
    expect(JSON.stringify(found)).not.toContain('2915');
  });

  test('may say in words, flags and numbers that a call was not recorded', async () => {
    const rows = ['  ', 'N/A', 'null', 'None', '-', '0', 'false', 'a.wav'].map(
      (recording) => `${row(recording)}\n`,
    );
    expect(await namesIn(`${HEADER}\n${rows.join('')}`)).toEqual(['a.wav']);
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
    ['without the rest of the row', '1504261084.7,2017-09-01 18:18:06,Bob', 'it has 3 columns, not 14'],
    ['with too many commas for a name', row(`${'x,'.repeat(20)}.wav`), 'it has 34 columns, not 14'],
    [
      'with a name that no file system allows',
      row('x'.repeat(256)),
      "the recording's name cannot be used: it is longer than 255 bytes",
    ],
  ])('%s', async (_, bad, problem) => {
    const rows = await read(`${HEADER}\n${row('a.wav')}\n${bad}\n${row('b.wav')}\n`);
    expect(namesOf(rows)).toEqual(['a.wav', 'row 3', 'b.wav']);
    expect(rows[1]).toEqual({ row: 3, problem });
  });
});

/** A row as its writer has it, with the caller's name and the recording not quoted. */
const unquoted = (from: string, { to = '1003', recording = NAME, sn = '369362089179' } = {}) =>
  `1504261084.7,2017-09-01 18:18:06,${from},${to},12,10,,,ANSWERED,Internal,,${recording},,${sn}`;

describe('a delimiter', () => {
  const lines = `${HEADER}\n${row(NAME)}\n${row('')}\n${row('b.wav')}\n`;

  test.each([
    ['a semicolon', lines.replaceAll(',', ';')],
    ['a comma, after blank lines', `\t\n,,,\n${lines}`],
    ['a tab', lines.replaceAll(',', '\t')],
    ['a comma, named before the header', `sep=,\r\n${lines}`],
    ['a semicolon, named before the header', `\uFEFFsep=;\r\n${lines.replaceAll(',', ';')}`],
    ['a tab, named before the header', `sep=\t\n${lines.replaceAll(',', '\t')}`],
    ['a semicolon, in quotation marks', lines.replaceAll(/[^,\n]+/g, '"$&"').replaceAll(',', ';')],
  ])('may be %s', async (_, text) => {
    for (const chunks of [text, text.split('')]) {
      const rows = await read(chunks);
      expect(namesOf(rows)).toEqual([NAME, 'b.wav']);
      expect(rows[0]).toMatchObject({
        cdr: { callid: '1504261084.7', talkduraction: '10', sn: '369362089179' },
      });
    }
  });

  test('other than that of the header is a character like the others', async () => {
    const commas = lines.replaceAll(',', ';').replace('1001', 'Müller, Hans');
    expect((await read(commas))[0]).toMatchObject({ cdr: { callfrom: 'Müller, Hans' } });
    expect((await read(lines.replace('1001', 'A;B\tC')))[0]).toMatchObject({ cdr: { callfrom: 'A;B\tC' } });
  });

  test('does not hide a quotation mark that is not closed', async () => {
    const rows = `${row('a.wav').replace('1001', '"Bob')}\n${row('b.wav')}\n${row('c.wav').replace('1001', '"Al"')}\n`;
    await expect(read(`${HEADER}\n${rows}`.replaceAll(',', ';'))).rejects.toBeInstanceOf(StrayQuote);
  });
});

describe('surplus empty cells are ignored', () => {
  test.each([
    ['at the end of each row', `${HEADER}\n${row(NAME)},\n${row('b.wav')},\n`],
    ['at the end of some rows', `${HEADER}\n${row(NAME)},,,\n${row('b.wav')}\n`],
    ['at the end of the header', `${HEADER},\n${row(NAME)}\n${row('b.wav')}\n`],
    ['at the end of header and rows', `${HEADER},,\r\n${row(NAME)},,\r\n${row('b.wav')},,\r\n`],
    ['that are blank or quoted', `${HEADER}\n${row(NAME)}, ,""\n${row('b.wav')}, \n`],
    ['of a row without a serial number', `${HEADER}\n${row(NAME, '')},\n${row('b.wav', '')},,\n`],
  ])('%s', async (_, text) => {
    const rows = await read(text);
    expect(namesOf(rows)).toEqual([NAME, 'b.wav']);
    expect(rows[0]).toMatchObject({
      cdr: { callid: '1504261084.7', talkduraction: '10' },
    });
  });

  test('after a recording whose name looks like none', async () => {
    expect(await namesIn('callid,callfrom,recording\n1,Bob,call7,\n2,Al,call8,\n')).toEqual([
      'call7',
      'call8',
    ]);
  });

  test('and may be missing after the recording', async () => {
    const rows = await read(`${HEADER}\n${row(NAME).replace(/,369362089179$/, '')}\n${row('b.wav')}\n`);
    expect(namesOf(rows)).toEqual([NAME, 'b.wav']);
  });
});

describe('lines may end', () => {
  const ends = ['\n', '\r\n', '\r', '\n\r', '\r\r\n'];
  test.each(ends.flatMap((first) => ends.map((others) => [first, others])))(
    'with %j after the header and with %j after the rows',
    async (first, others) => {
      const text = [`${HEADER}${first}`, ...[NAME, '', 'b.wav'].map((name) => row(name) + others)].join('');
      expect(await namesIn(text)).toEqual([NAME, 'b.wav']);
      const bytes = [...text].map((character) => Buffer.from(character));
      expect(namesOf(await read(bytes))).toEqual([NAME, 'b.wav']);
    },
  );

  test('differently after each row', async () => {
    const names = ends.map((_, index) => `${index}.wav`);
    const text = `${HEADER}\r\n${names.map((name, index) => row(name) + ends[index]).join('')}`;
    expect(await namesIn(text)).toEqual(names);
  });
});

describe("a caller's name that is not quoted", () => {
  const read1 = async (line: string) => {
    const rows = await read(`${HEADER}\n${row('a.wav')}\n${line}\n${row('b.wav')}\n`);
    expect(namesOf(rows)).toEqual(['a.wav', NAME, 'b.wav']);
    return rows[1];
  };

  test.each([
    ['a comma', 'Müller, Hans'],
    ['a comma without a space', 'Müller,Hans'],
    ['commas', 'Müller, Hans, Dr. <1001>'],
    ['a comma and quotation marks', '"Müller, Hans" <1001>'],
    ['a comma after a backslash', 'Müller\\, Hans'],
    ['a line break', 'Mül\nler'],
    ['a line break and a comma', 'Müller,\nHans'],
    ['line breaks', 'Müller\nHans\nBerlin'],
    ['a line break and as many commas as the rest of the row lacks', 'A\nb,c,d'],
    ['a quotation mark', 'Bo"b'],
    ['a closing quotation mark', 'Bob"'],
  ])('may contain %s', async (_, from) => {
    expect(await read1(unquoted(from))).toMatchObject({
      recording: NAME,
      cdr: {
        callid: '1504261084.7',
        timestart: '2017-09-01 18:18:06',
        callfrom: from,
        callto: '1003',
        talkduraction: '10',
        status: 'ANSWERED',
        sn: '369362089179',
      },
    });
  });

  test('may contain CR LF, in a file whose lines end so', async () => {
    const text = `${HEADER}\r\n${unquoted('Mül\r\nler')}\r\n${row('b.wav')}\r\n`;
    expect(await namesIn(text)).toEqual([NAME, 'b.wav']);
  });

  test('may contain a comma in rows that also have surplus empty cells, or no serial number', async () => {
    await read1(`${unquoted('Müller, Hans')},`);
    await read1(unquoted('Müller, Hans', { sn: '' }));
    await read1(`${unquoted('Müller, Hans', { sn: '' })},`);
  });

  test('may also be that of the called party or of a trunk; what may belong to either is left out', async () => {
    expect(await read1(unquoted('1001', { to: 'Müller, Hans' }))).toMatchObject({
      cdr: { callfrom: '1001', callto: 'Müller, Hans' },
    });
    const both = await read1(unquoted('Meier,Eva', { to: 'Müller,Hans' }));
    expect(both).toMatchObject({ cdr: { talkduraction: '10' } });
    expect(both).not.toHaveProperty('cdr.callfrom');
    expect(both).not.toHaveProperty('cdr.callto');
    await read1(unquoted('1001').replace(',10,,', ',10,Trunk, A,'));
    await read1(unquoted('Müller, Hans').replace(',10,,', ',10,Trunk, A,'));
  });

  test.each([
    ['from a number', '1001'],
    ['from a name', 'Müller'],
  ])(
    "that is the outgoing trunk's, of a call %s, does not shift the columns: what is doubtful is left out",
    async (_, from) => {
      const { cdr } = (await read1(unquoted(from).replace(',10,,,', ',10,,SIP, main,'))) as { cdr: object };
      expect(cdr).toMatchObject({ callid: '1504261084.7', status: 'ANSWERED', sn: '369362089179' });
      for (const column of ['callfrom', 'callto', 'callduraction', 'talkduraction']) {
        expect(cdr).not.toHaveProperty(column);
      }
    },
  );

  test('does not hide that the call was not recorded', async () => {
    expect(await read(`${HEADER}\n${unquoted('Müller, Hans', { recording: '' })}\n`)).toEqual([]);
    expect(await read(`${HEADER}\n${unquoted('Mül\nler', { recording: '' })}\n`)).toEqual([]);
  });

  test('does not make a recording of half a name that contains a comma itself', async () => {
    expect(await namesIn(`${HEADER}\n${row('a,b.wav')}\n`)).toEqual(['a,b.wav']);
  });

  test('makes the row unreadable if two cells may be the recording', async () => {
    const few = 'callid,timestart,callfrom,recording,sn';
    const rows = ['Bob,a.wav', 'Müller,Hans,b.wav', `Müller,Hans,${NAME}`, 'Bob,d.wav'].map(
      (cells) => `1.1,2017-09-01 18:18:06,${cells},1\n`,
    );
    expect(await namesIn(`${few}\n${rows.join('')}`)).toEqual(['a.wav', 'row 3', NAME, 'd.wav']);
  });

  test('whose row is cut off does not spoil the next row', async () => {
    const cut = '1504261084.7,2017-09-01 18:18:06,Mül';
    expect(await namesIn(`${HEADER}\n${cut}\n${row('a.wav')}\n${row('b.wav')}\n`)).toEqual([
      'row 2',
      'a.wav',
      'b.wav',
    ]);
    expect(await namesIn(`${HEADER}\n${row('a.wav')}\nTotal\n${unquoted('Mül\nler')}\n`)).toEqual([
      'a.wav',
      'row 3',
      NAME,
    ]);
  });
});

describe('a quotation mark that is not closed', () => {
  const readUnquoted = async (text: string) => {
    const rows = readCdrs(Readable.from([Buffer.from(text)]), never, { quoting: false });
    return namesOf(await collect(rows));
  };

  test.each([
    ['in the last row', `${row('a.wav')}\n${unquoted('"Bob')}\n`, ['a.wav', NAME]],
    [
      'before a name in quotation marks',
      `${unquoted('"Bob')}\n${row('a.wav')}\n${unquoted('"Müller, Hans"', { recording: 'b.wav' })}\n`,
      [NAME, 'a.wav', 'b.wav'],
    ],
    [
      'before many rows',
      `${unquoted('"Bob')}\n${`${row('a.wav')}\n`.repeat(300)}`,
      [NAME, ...Array(300).fill('a.wav')],
    ],
  ])('%s is noticed, and the file can be read without quoting', async (_, rows, names) => {
    await expect(read(`${HEADER}\n${rows}`)).rejects.toBeInstanceOf(StrayQuote);
    expect(await readUnquoted(`${HEADER}\n${rows}`)).toEqual(names);
  });

  test('does not keep values in quotation marks from being read', async () => {
    const text = `${HEADER}\n${row(NAME)}\n`.replaceAll(/[^,\n]+/g, '"$&"');
    expect(await readUnquoted(text)).toEqual([NAME]);
  });
});

describe('rows that are surely no recordings are left out:', () => {
  test.each([
    ['blank ones', ' \n,,,\n\t,\n'],
    ['NULs at the end', '\0\0\0'],
    ['a second header', `${HEADER}\n`],
  ])('%s', async (_, rows) => {
    expect(await namesIn(`${HEADER}\n${row('a.wav')}\n${rows}`)).toEqual(['a.wav']);
    if (rows.endsWith('\n')) expect(await namesIn(`${HEADER}\n${rows}${row('a.wav')}\n`)).toEqual(['a.wav']);
  });
});

describe('a title before the header', () => {
  test.each(['CDR report 2017-09-01', '# exported', '"Head office, 2017"\n\nAll extensions', 'Calls\nsep=,'])(
    'is no row: %j',
    async (title) => {
      const text = `${title}\n${HEADER}\n${row(NAME)}\n`;
      for (const file of [text, text.replaceAll('\n', '\r\n')]) expect(await namesIn(file)).toEqual([NAME]);
    },
  );

  test('of a file that has no header is malformed', async () => {
    expect(await codeOf(read('CDR report\nNo calls\n'))).toBe('cdr-malformed');
  });
});

describe('a total after the last row', () => {
  test.each(['Total: 1', 'Total,1', '"Total calls: 12"', 'Summe:,2,00:00:22', 'Generated 2017-09-01 18:18'])(
    'is no row: %s',
    async (total) => {
      for (const end of ['', '\n', '\n\n']) {
        expect(await namesIn(`${HEADER}\n${row('a.wav')}\n${total}${end}`)).toEqual(['a.wav']);
        expect(await namesIn(`${HEADER}\n${total}${end}`)).toEqual([]);
      }
    },
  );

  test.each(['1', '15042', '1504261084.7', '1504261084.7,2017-09-01 18:18:06,Bob', 'Bob,a.wav', ',,Bob'])(
    'is not what may be a call that is cut off: %s',
    async (cut) => {
      for (const end of ['', '\n']) {
        expect(await namesIn(`${HEADER}\n${row('a.wav')}\n${cut}${end}`)).toEqual(['a.wav', 'row 3']);
      }
    },
  );
});

describe('a file is malformed', () => {
  const unreadable = '1504261084.7,2017-09-01\n';

  test('if more of its rows are unreadable than readable, recorded or not', async () => {
    const halves = `${HEADER}\n${unreadable.repeat(2)}${row('a.wav')}\n${row('')}\n`;
    expect(await namesIn(halves)).toEqual(['row 2', 'row 3', 'a.wav']);
    await expect(read(`${halves}${unreadable}`)).rejects.toThrow('3 of its 5 rows cannot be read');
    expect(await codeOf(read(`${HEADER}\n${unreadable}`))).toBe('cdr-malformed');
    const semicolons = `${HEADER}\n${row(NAME).replaceAll(',', ';')}\n`;
    expect(await codeOf(read(semicolons))).toBe('cdr-malformed');
  });

  test('as soon as that is certain', async () => {
    let given = 0;
    async function* endless() {
      yield Buffer.from(`${HEADER}\n${row('a.wav')}\n`);
      for (const chunk = Buffer.from(unreadable); ; given += 1) yield chunk;
    }
    expect(await codeOf(collect(readCdrs(Readable.from(endless()), never)))).toBe('cdr-malformed');
    expect(given).toBeLessThan(10_000);
  });

  test.each([
    ['bytes', { maxBytes: 100_000 }, 'larger than 100000 bytes'],
    ['rows', { maxRows: 500 }, 'more than 500 rows'],
  ])('if it has too many %s, and is not read much further', async (_, limits, message) => {
    let given = 0;
    async function* endless() {
      yield Buffer.from(`${HEADER}\n`);
      for (const chunk = Buffer.from(`${row('a.wav')}\n${unreadable}`); ; given += chunk.length) yield chunk;
    }
    const body = Readable.from(endless());
    await expect(collect(readCdrs(body, never, limits))).rejects.toThrow(message);
    expect(body.destroyed).toBe(true);
    expect(given).toBeLessThan(200_000);
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
