import * as v from 'valibot';
import { expect, test } from 'vitest';
import { jobSchema } from '../../../../../functions/shared/jobs/job.ts';
import { readReport } from '../../../../../functions/shared/pbx/s-series/report.ts';
import { anyText, fc } from '../../../../property.ts';
import { anyReport } from '../../../cdr-webhook/any-report.ts';
import { exampleReport } from '../../../cdr-webhook/example-report.ts';

/** Must not appear in a reason, because reasons are logged and become attributes of dead letters. */
const PLANTED = 'planted-0123456789';

const KINDS = ['recorded-call', 'boot-up', 'ignored', 'unreadable', 'malformed'];

test('any text is one of the four kinds of report, and every recorded call makes a valid job', () => {
  const body = fc.oneof(
    anyReport,
    anyText,
    fc.json(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString()),
  );
  fc.assert(
    fc.property(body, fc.constantFrom(undefined, exampleReport.sn, 'another'), (text, serialNumber) => {
      const report = readReport(text, serialNumber);
      expect(KINDS).toContain(report.kind);
      if (report.kind !== 'recorded-call') return;
      const { recording, call } = report;
      const job = { version: 1, pbx: 'hq', recording, call, reportedAt: '2026-01-02T03:04:05.678Z' };
      expect(v.parse(jobSchema, JSON.parse(JSON.stringify(job)))).toEqual(job);
    }),
  );
});

test('a report that is cut or changed in one place is still one of the five kinds of report', () => {
  fc.assert(
    fc.property(anyReport, fc.nat(), fc.nat(), anyText, (text, from, length, put) => {
      const at = from % (text.length + 1);
      const changed = text.slice(0, at) + put + text.slice(at + (length % 10));
      expect(KINDS).toContain(readReport(changed, undefined).kind);
    }),
  );
});

test('the reason of an unreadable report never quotes it', () => {
  const reports = fc
    .tuple(fc.constantFrom('recording', 'sn', 'action'), fc.jsonValue())
    .map(([field, value]) =>
      JSON.stringify({
        action: 'NewCdr',
        recording: `${PLANTED}/..`,
        [field]: [PLANTED, value],
        other: PLANTED,
      }),
    );
  fc.assert(
    fc.property(fc.oneof(reports, fc.constant(PLANTED)), (text) => {
      const report = readReport(text, 'another');
      expect(['unreadable', 'malformed']).toContain(report.kind);
      expect(JSON.stringify(report)).not.toContain(PLANTED);
    }),
  );
});
