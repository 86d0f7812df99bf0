import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ReceiveDeps, receiveReport } from '../../../functions/cdr-webhook/receive-report.ts';
import type { DeadLetterReason } from '../../../functions/shared/jobs/queues.ts';
import { reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import { captureLog } from '../capture-log.ts';
import { exampleCall, exampleReport } from './example-report.ts';

const SECRET = 'right-secret-0123456789';
const NOW = '2026-01-02T03:04:05.678Z';
const MAX_BYTES = 65_536;

const logLines = captureLog();
afterEach(() => vi.restoreAllMocks());

/** A webhook for the PBX `hq`, and the messages it sent. */
function createWebhook(send: (queueUrl: string) => Promise<void> = async () => {}) {
  const sent: { queueUrl: string; message: unknown }[] = [];
  const deadLetters: { body: string; reason: DeadLetterReason }[] = [];
  const deps: ReceiveDeps = {
    findPbx: (pbxId) =>
      pbxId === 'hq'
        ? {
            serialNumber: exampleReport.sn,
            queueUrl: 'queue:hq',
            dialect: reportDialectOf({ family: 's-series' }),
            isAuthentic: async ({ secret }) => secret === SECRET,
          }
        : undefined,
    queues: {
      async send(queueUrl, message) {
        await send(queueUrl);
        sent.push({ queueUrl, message });
      },
      async sendDeadLetter(body, reason) {
        await send('queue:dead-letters');
        deadLetters.push({ body, reason });
      },
      scheduleRetry: () => Promise.reject(new Error('A webhook postpones nothing.')),
    },
    sessionQueueUrl: 'queue:session',
    now: () => new Date(NOW),
  };
  const receive = (report: object | string, secret = SECRET, pbxId = 'hq') => {
    const body = typeof report === 'string' ? report : JSON.stringify(report);
    return receiveReport({ pbxId, secret, signature: undefined, body: Buffer.from(body) }, deps);
  };
  return { receive, sent, deadLetters };
}

describe('before the secret is verified', () => {
  test.each([
    ['a wrong secret', 'wrong', 'hq', { pbx: 'hq' }],
    ['no secret', '', 'hq', { pbx: 'hq' }],
    ['an unknown PBX', SECRET, 'elsewhere', {}],
    ['the secret in the wrong place', 'hq', SECRET, {}],
  ])(
    'a request with %s is rejected, and its body is neither parsed, measured nor kept',
    async (_, secret, pbxId, named) => {
      const { receive, sent, deadLetters } = createWebhook();
      const parse = vi.spyOn(JSON, 'parse');
      for (const body of [exampleReport, 'not JSON', 'x'.repeat(MAX_BYTES + 1)]) {
        expect(await receive(body, secret, pbxId)).toBe('refused');
      }
      expect(parse).not.toHaveBeenCalled();
      expect({ sent, deadLetters }).toEqual({ sent: [], deadLetters: [] });
      // The log repeats nothing that a stranger sent, except the id of a PBX that is configured.
      expect(logLines).toEqual(Array(3).fill({ level: 'warn', event: 'report-rejected', ...named }));
    },
  );
});

describe('a recorded call', () => {
  test('becomes one job in the queue of its PBX, made of identifiers and call details', async () => {
    const { receive, sent, deadLetters } = createWebhook();
    expect(await receive(exampleReport)).toBe('queued');
    const { recording } = exampleReport;
    const message = { version: 1, pbx: 'hq', recording, call: exampleCall, reportedAt: NOW };
    expect(sent).toEqual([{ queueUrl: 'queue:hq', message }]);
    expect(deadLetters).toEqual([]);
  });

  test('that nobody answered says so in the log, for the metrics', async () => {
    const { receive } = createWebhook();
    await receive(exampleReport);
    await receive({ ...exampleReport, status: 'NO ANSWER', talkduraction: '0' });
    const line = { event: 'job-queued', pbx: 'hq', recording: exampleReport.recording };
    expect(logLines).toMatchObject([line, { ...line, unanswered: true }]);
    expect(logLines[0]).not.toHaveProperty('unanswered');
  });

  test('is acknowledged only after the queue has accepted it', async () => {
    const queue = Promise.withResolvers<void>();
    const { receive } = createWebhook(() => queue.promise);
    const receipt = receive(exampleReport);
    const soon = new Promise((resolve) => setImmediate(resolve, 'nothing yet'));
    expect(await Promise.race([receipt, soon])).toBe('nothing yet');
    queue.resolve();
    expect(await receipt).toBe('queued');
  });

  test.each([
    ['a call', exampleReport],
    ['a reboot', { action: 'BootUp' }],
    ['an unreadable report', { ...exampleReport, recording: {} }],
  ])('%s is not acknowledged when its queue rejects it', async (_, report) => {
    const refusal = new Error('The queue is not there.');
    const { receive } = createWebhook(() => Promise.reject(refusal));
    await expect(receive(report)).rejects.toBe(refusal);
    expect(logLines).toEqual([]);
  });
});

describe('several reports in one body', () => {
  const second = { ...exampleReport, recording: 'b.wav' };

  test.each(['', '\n', '\r\n\r\n', ' \0\n'])('become a job each, with %j between them', async (between) => {
    const { receive, sent } = createWebhook();
    const bodies = [exampleReport, { event: 'RING' }, second].map((report) => JSON.stringify(report));
    expect(await receive(bodies.join(between))).toBe('queued');
    expect(sent.map(({ message }) => message)).toEqual(
      [exampleReport.recording, 'b.wav'].map((recording) => expect.objectContaining({ recording })),
    );
  });

  // With the fields of both in one job, one recording would be lost, and the other have the details of the wrong call.
  test.each<[string, (reports: string[]) => string]>([
    ['with commas between them', (reports) => reports.join(',')],
    ['with commas and line ends between them', (reports) => `${reports.join(' ,\r\n')}\r\n\0`],
    ['as a list', (reports) => `[${reports.join(',')}]`],
    ['as an indented list', (reports) => `\uFEFF[\n  ${reports.join(',\n  ')}\n]\n`],
  ])('become a job each, %s', async (_, join) => {
    const members = { event: 'RING', members: [{ ext: { number: '1' } }, { ext: { number: '2' } }] };
    const last = { ...second, talkduraction: '7', callfrom: 'a "},{"action" b' };
    for (const first of [
      JSON.stringify(exampleReport),
      JSON.stringify(exampleReport).replace('"102"', '"A\tB"'),
    ]) {
      const { receive, sent } = createWebhook();
      await receive(join([first, JSON.stringify(members), JSON.stringify(last)]));
      expect(sent.map(({ message }) => message)).toMatchObject([
        { recording: exampleReport.recording, call: { talkSeconds: exampleReport.talkduraction } },
        { recording: 'b.wav', call: { talkSeconds: '7', from: last.callfrom } },
      ]);
    }
  });

  test('may be a list of one', async () => {
    const { receive, sent } = createWebhook();
    await receive(JSON.stringify([exampleReport]));
    expect(sent).toMatchObject([{ message: { recording: exampleReport.recording, call: exampleCall } }]);
  });

  test('are accepted one by one if one of them is not quite JSON, or unreadable', async () => {
    const { receive, sent, deadLetters } = createWebhook();
    const notQuite = JSON.stringify(exampleReport).replace('"102"', '"A\tB"');
    const unreadable = JSON.stringify({ ...exampleReport, recording: {} });
    await receive([notQuite, unreadable, JSON.stringify(second)].join('\n'));
    expect(sent).toHaveLength(2);
    expect(deadLetters.map(({ body }) => JSON.parse(body).report)).toEqual([unreadable]);
  });

  test('are not what a name with braces is', async () => {
    const { receive, sent } = createWebhook();
    await receive({ ...exampleReport, callfrom: 'a}{"b"}\n{ "c' });
    expect(sent).toHaveLength(1);
  });
});

describe('other reports', () => {
  test('a reboot requests a new session, and nothing else', async () => {
    const { receive, sent } = createWebhook();
    expect(await receive({ action: 'BootUp', sn: exampleReport.sn })).toBe('session-requested');
    expect(sent).toEqual([{ queueUrl: 'queue:session', message: { pbx: 'hq', bootedAt: NOW } }]);
  });

  test.each([
    { ...exampleReport, recording: '' },
    { event: 'RING', members: [] },
  ])('a report of anything else is acknowledged and dropped', async (report) => {
    const { receive, sent, deadLetters } = createWebhook();
    expect(await receive(report)).toBe('ignored');
    expect({ sent, deadLetters }).toEqual({ sent: [], deadLetters: [] });
  });
});

describe('the limit of 64 KiB', () => {
  /** A report of a recorded call, exactly `bytes` long. */
  const reportOf = (bytes: number, filling: string) => {
    const empty = Buffer.byteLength(JSON.stringify({ ...exampleReport, filling: '' }));
    const length = Math.floor((bytes - empty) / Buffer.byteLength(filling));
    const report = JSON.stringify({ ...exampleReport, filling: filling.repeat(length) });
    return report + ' '.repeat(bytes - Buffer.byteLength(report));
  };

  test.each(['x', 'é', '📞'])('counts bytes, not characters: %s', async (filling) => {
    const { receive, sent } = createWebhook();
    expect(await receive(reportOf(MAX_BYTES, filling))).toBe('queued');
    expect(await receive(reportOf(MAX_BYTES + 1, filling))).toBe('too-large');
    expect(sent).toHaveLength(1);
  });
});

test.each(['not JSON', '\0', '{}'])(
  'a report without an event is acknowledged and counted: %j',
  async (report) => {
    const { receive, sent, deadLetters } = createWebhook();
    expect(await receive(report)).toBe('malformed');
    expect({ sent, deadLetters }).toEqual({ sent: [], deadLetters: [] });
    const bytes = Buffer.byteLength(report);
    expect(logLines).toEqual([{ level: 'error', event: 'report-malformed', pbx: 'hq', bytes }]);
  },
);

describe('the dead letter of an unreadable report', () => {
  test('holds its text unchanged, and the reason', async () => {
    const { receive, sent, deadLetters } = createWebhook();
    const report = '{"action":"NewCdr","recording":["\uFFFE é"]}\r\n';
    expect(await receive(report)).toBe('dead-lettered');
    expect(sent).toEqual([]);
    const [{ body, reason }] = deadLetters as [(typeof deadLetters)[number]];
    expect(JSON.parse(body)).toEqual({ version: 1, pbx: 'hq', report, reportedAt: NOW });
    expect(reason).toMatchObject({ pbx: 'hq', attempts: 1, firstAt: NOW, lastAt: NOW });
    expect(reason.error).toMatchObject({ code: 'report-malformed', kind: 'permanent' });
  });

  test.each([
    ['report-foreign', { ...exampleReport, sn: '1' }],
    ['recording-name-unusable', { ...exampleReport, recording: 'x'.repeat(256) }],
  ])('gives the reason %s', async (code, report) => {
    const { receive, deadLetters } = createWebhook();
    expect(await receive(report)).toBe('dead-lettered');
    expect(deadLetters.map(({ reason }) => reason.error.code)).toEqual([code]);
  });
});

describe('the PIN that somebody has entered', () => {
  const json = JSON.stringify({ ...exampleReport, pincode: '482915' });

  test.each([
    ['a foreign report', json.replace(exampleReport.sn, '1')],
    ['a number', json.replace(exampleReport.sn, '1').replace('"482915"', '482915')],
    ['an unusable name', JSON.stringify({ ...JSON.parse(json), recording: {} })],
    ['a report that is not quite JSON', json.replace('"102"', '"A\tB"').replace(exampleReport.sn, '1')],
    ['a PIN that breaks the JSON', json.replace('"482915"', '"4"82915"').replace(exampleReport.sn, '1')],
    ['leading zeros', json.replace('"482915"', '00482915').replace(exampleReport.sn, '1')],
    ['padding', `${json.replace(exampleReport.sn, '1')}\r\n\0`],
  ])('is not kept with what cannot be read: %s', async (_, report) => {
    const { receive, deadLetters } = createWebhook();
    expect(report).toContain('82915');
    expect(await receive(report)).toBe('dead-lettered');
    const kept = JSON.stringify({ deadLetters, logLines });
    expect(kept).not.toContain('82915');
    // What else the report says is still there, for redrive.
    expect(kept).toContain(exampleReport.callid);
  });

  test('is not kept with a call', async () => {
    const { receive, sent } = createWebhook();
    expect(await receive(json)).toBe('queued');
    expect(JSON.stringify({ sent, logLines })).not.toContain('482915');
  });
});

test('the secret in the path appears in no log line, job or dead letter', async () => {
  const { receive, sent, deadLetters } = createWebhook();
  const reports = [
    exampleReport,
    { action: 'BootUp' },
    { event: 'BYE' },
    'not JSON',
    'x'.repeat(MAX_BYTES + 1),
  ];
  for (const report of reports) await receive(report);
  expect(logLines).toHaveLength(reports.length);
  expect(JSON.stringify({ logLines, sent, deadLetters })).not.toContain(SECRET);
});
