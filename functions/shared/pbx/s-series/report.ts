import * as v from 'valibot';
import { reportSecretOf } from '../../config/report-secret.ts';
import { isSameSecret } from '../../config/same-secret.ts';
import { findNameProblem } from '../../recordings/recording-name.ts';
import { plainText, recordingName } from '../fields.ts';
import { findFields, parseJson, trimJson } from '../parse-json.ts';
import { FOREIGN_REPORT, type Report, type ReportDialect, unreadable } from '../report-dialect.ts';
import { callOf, cdrSchema } from './cdr.ts';

/** API v1 calls it `action`, v2 `event`. */
const eventSchema = v.object({
  action: plainText,
  event: plainText,
  recording: v.optional(v.unknown()),
  sn: v.optional(v.unknown()),
});

/** A list of reports. What a report itself contains does not begin with its event. */
const LIST = /^[\s\p{Cc}]*\[[\s\p{Cc}]*(\{\s*"(?:action|event)".*\})[\s\p{Cc}]*\][\s\p{Cc}]*$/su;

/** Nothing but white space between two reports, or a comma. */
const BETWEEN = /(?<=\})[\s\p{Cc}]*(?=\{\s*")|(?<=\})[\s\p{Cc}]*,[\s\p{Cc}]*(?=\{\s*"(?:action|event)")/u;

/** The reports of a body: one, several, or a list of them. */
export const splitReports = (body: string) => (LIST.exec(body)?.[1] ?? body).split(BETWEEN);

/**
 * Reads a report in any dialect in use. Never throws: `unreadable` is a result like the others. Reasons name fields,
 * never values.
 */
export function readReport(body: string, serialNumber: string | undefined): Report {
  const text = trimJson(body);
  const json = parseJson(text);
  const input = json ?? findFields(text);
  const parsed = v.safeParse(eventSchema, input);
  const event = parsed.success ? (parsed.output.action ?? parsed.output.event) : undefined;
  if (!parsed.success || event === undefined) return { kind: 'malformed' };
  const named = v.safeParse(recordingName, parsed.output.recording);
  // A value of another shape is reported below.
  const name = event.trim().toLowerCase();
  const isCall = name === 'newcdr' && !(named.success && named.output === undefined);
  // Without its recording's name, a call that is not JSON cannot be told from one that was not recorded.
  if (!isCall && name === 'newcdr' && json === undefined && parsed.output.recording === undefined) {
    return { kind: 'malformed' };
  }
  if (!isCall && name !== 'bootup') return { kind: 'ignored', event };

  // Only the serial number of a reboot report matters; its other fields may have any shape.
  const details = v.safeParse(cdrSchema, isCall ? input : { sn: parsed.output.sn });
  if (!details.success) {
    const fields = details.issues.map((issue) => v.getDotPath(issue)).join(', ');
    return unreadable('report-malformed', `The report has fields that are not plain values: ${fields}.`);
  }
  const report = details.output;
  if (serialNumber !== undefined && report.sn !== undefined && report.sn !== serialNumber) {
    return FOREIGN_REPORT;
  }
  if (!isCall) return { kind: 'boot-up' };

  const { recording = '' } = report;
  const problem = findNameProblem(recording);
  if (problem !== undefined) {
    return unreadable('recording-name-unusable', `The recording's name cannot be used: ${problem}.`);
  }
  return { kind: 'recorded-call', recording, call: callOf(report) };
}

/** The PBX cannot sign its reports, so the secret is in the URL that it got with its login. */
export const sSeriesReports: ReportDialect = {
  rejection: 'refused',
  // A PBX posts to the address of its last login, which may have had the whole secret.
  secretsOf: ({ webhookSecret }) => [reportSecretOf(webhookSecret), webhookSecret],
  isAuthentic: (request, secret) => isSameSecret(request.secret, secret),
  split: splitReports,
  read: readReport,
  likelyFault: 'it posts to an old address, or cuts the address off. A new login tells it the address.',
};

/** With TCP, the other report method of this version, the PBX waits for a connection instead (its guide, "API Events"). */
export const sSeriesV2Reports: ReportDialect = {
  ...sSeriesReports,
  question: () => 'Is the report method in its API Settings HTTP? With TCP, it posts no reports.',
};
