import { createHmac } from 'node:crypto';
import * as v from 'valibot';
import { reportSecretOf } from '../../config/report-secret.ts';
import { isSameSecret } from '../../config/same-secret.ts';
import type { Call } from '../../jobs/call.ts';
import { findNameProblem } from '../../recordings/recording-name.ts';
import { fact, recordingName } from '../fields.ts';
import { parseJson, trimJson } from '../parse-json.ts';
import { FOREIGN_REPORT, type Report, type ReportDialect, unreadable } from '../report-dialect.ts';
import { hasWebhook } from './firmware.ts';

/** Event 30012, "Call End Details Notification". */
const CALL_END = '30012';

const envelopeSchema = v.looseObject({ type: fact, event: fact, sn: fact, msg: v.optional(v.unknown()) });

/** Omits `pin_code`, which is a person's secret. */
const callSchema = v.object({
  call_id: fact,
  time_start: fact,
  call_from: fact,
  call_to: fact,
  talk_duration: fact,
  src_trunk_name: fact,
  dst_trunk_name: fact,
  status: fact,
  type: fact,
  recording: recordingName,
  did_number: fact,
});

/** Reads an event of the webhook. Never throws. */
export function readReport(body: string, serialNumber: string | undefined): Report {
  const envelope = v.safeParse(envelopeSchema, parseJson(trimJson(body)));
  const event = envelope.success ? (envelope.output.type ?? envelope.output.event) : undefined;
  if (!envelope.success || event === undefined) return { kind: 'malformed' };
  const { msg, sn } = envelope.output;
  if (event.trim() !== CALL_END) return { kind: 'ignored', event };

  // As printed in the guide and seen live, it is a string that holds JSON.
  const content = typeof msg === 'string' ? parseJson(trimJson(msg)) : msg;
  if (!isObject(content)) {
    return unreadable('report-malformed', 'Its msg is neither an object nor text that holds one.');
  }
  const details = v.safeParse(callSchema, content);
  if (!details.success) {
    const fields = details.issues.map((issue) => v.getDotPath(issue)).join(', ');
    return unreadable('report-malformed', `The report has fields that are not plain values: ${fields}.`);
  }
  const { recording } = details.output;
  if (recording === undefined) return { kind: 'ignored', event };
  if (serialNumber !== undefined && sn !== undefined && sn !== serialNumber) return FOREIGN_REPORT;
  const problem = findNameProblem(recording);
  if (problem !== undefined) {
    return unreadable('recording-name-unusable', `The recording's name cannot be used: ${problem}.`);
  }
  return { kind: 'recorded-call', recording, call: callOf(details.output, sn) };
}

/** Valibot accepts a list as an object that has none of the fields. */
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

function callOf(details: v.InferOutput<typeof callSchema>, serialNumber: string | undefined): Call {
  const facts = {
    callId: details.call_id,
    from: details.call_from,
    to: details.call_to,
    type: details.type,
    status: details.status,
    start: details.time_start,
    talkSeconds: details.talk_duration,
    trunk: details.src_trunk_name?.trim() || details.dst_trunk_name?.trim() || undefined,
    did: details.did_number?.trim() || undefined,
    serialNumber,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** `X-Signature`: Base64 of the HMAC-SHA256 over the body's bytes, with the characters of the secret as the key. */
const isSignedWith = (secret: string, body: Buffer, signature: string) =>
  isSameSecret(signature.trim(), createHmac('sha256', secret).update(body).digest('base64'));

const pathOf = (pbxId: string, end: string) => `/reports/${pbxId}/${end}`;

const WEBHOOK_PAGE = 'Integrations > API > Webhook Event Push';

const describeWebhook = (url: string) =>
  `add one in the PBX (Integrations > API): POST to ${url}, event ${CALL_END}`;

const askForWebhook = (path: string) =>
  `Does the PBX have a webhook (Integrations > API) with a URL that ends in ${path}, method POST and event ${CALL_END}?`;

const common = {
  rejection: 'unauthorized',
  split: (body) => [body],
  read: readReport,
  canPost: hasWebhook,
} as const satisfies Partial<ReportDialect>;

/** A signature proves who has sent a report, not when: a replayed one is a duplicate. */
const signedReports: ReportDialect = {
  ...common,
  secretsOf: ({ signatureSecrets = [] }) => signatureSecrets,
  secretField: 'signatureSecret',
  likelyFault: `its webhook has another secret than the one entered as signatureSecret. Copy it from the PBX again (${WEBHOOK_PAGE}).`,
  isAuthentic: ({ body, signature }, secret) =>
    signature !== undefined && isSignedWith(secret, body, signature),
  setUp: (hostUrl, pbxId) => describeWebhook(hostUrl + pathOf(pbxId, 'p-series')),
  question: (pbxId) => askForWebhook(pathOf(pbxId, 'p-series')),
};

const reportsWithSecretPath: ReportDialect = {
  ...common,
  secretsOf: ({ webhookSecret }) => [reportSecretOf(webhookSecret)],
  isAuthentic: (request, secret) => isSameSecret(request.secret, secret),
  likelyFault: `the URL of its webhook does not end in the first characters of webhookSecret. Correct it in the PBX (${WEBHOOK_PAGE}).`,
  // A path that ends in a secret is not for everybody who reads this.
  setUp: (hostUrl, pbxId) => describeWebhook(hostUrl + pathOf(pbxId, 'SECRET')),
  question: (pbxId) => askForWebhook(pathOf(pbxId, 'SECRET')),
};

export const pSeriesReports = (authentication: 'signature' | 'path'): ReportDialect =>
  authentication === 'path' ? reportsWithSecretPath : signedReports;
