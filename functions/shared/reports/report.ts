import * as v from 'valibot';
import type { Call } from '../jobs/job.ts';
import { trimPadding } from '../pbx/padding.ts';
import { findNameProblem } from '../recordings/recording-name.ts';
import { callOf, cdrSchema, cdrText } from './cdr.ts';

/** What a report says, as far as the archive is concerned. */
export type Report =
  | { kind: 'recorded-call'; recording: string; call: Call }
  | { kind: 'boot-up' }
  | { kind: 'ignored'; event: string }
  | { kind: 'unreadable'; code: string; reason: string };

/** API v1 calls it `action`, v2 `event`. */
const eventSchema = v.object({
  action: cdrText,
  event: cdrText,
  recording: v.optional(v.unknown()),
  sn: v.optional(v.unknown()),
});

const unreadable = (code: string, reason: string): Report => ({ kind: 'unreadable', code, reason });

const FOREIGN =
  'The report has another serial number (sn) than configured for this PBX. If the PBX was replaced, correct ' +
  'serialNumber in cdk.json.';

/**
 * Reads a report in any dialect in use. Never throws: `unreadable` is a result like the others. Reasons name fields,
 * never values.
 */
export function readReport(body: string, serialNumber: string | undefined): Report {
  const input = parseJson(trimPadding(body));
  const parsed = v.safeParse(eventSchema, input);
  const event = parsed.success ? (parsed.output.action ?? parsed.output.event) : undefined;
  if (!parsed.success || event === undefined) {
    return unreadable('report-malformed', 'The report is not a JSON object with an action or an event.');
  }
  const isCall = event === 'NewCdr' && ![undefined, null, ''].includes(parsed.output.recording as string);
  if (!isCall && event !== 'BootUp') return { kind: 'ignored', event };

  // Only the serial number of a reboot report matters; its other fields may have any shape.
  const details = v.safeParse(cdrSchema, isCall ? input : { sn: parsed.output.sn });
  if (!details.success) {
    const fields = details.issues.map((issue) => v.getDotPath(issue)).join(', ');
    return unreadable('report-malformed', `The report has fields that are not plain values: ${fields}.`);
  }
  const report = details.output;
  if (serialNumber !== undefined && report.sn !== undefined && report.sn !== serialNumber) {
    return unreadable('report-foreign', FOREIGN);
  }
  if (!isCall) return { kind: 'boot-up' };

  const { recording = '' } = report;
  const problem = findNameProblem(recording);
  if (problem !== undefined) {
    return unreadable('recording-name-unusable', `The recording's name cannot be used: ${problem}.`);
  }
  return { kind: 'recorded-call', recording, call: callOf(report) };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
