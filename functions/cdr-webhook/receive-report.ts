import { type CachedSecret, createCachedSecret } from '../shared/config/cached-secret.ts';
import { readCredentials } from '../shared/config/credentials.ts';
import type { Pbx, PbxRegistry } from '../shared/config/pbx-registry.ts';
import type { Secrets } from '../shared/config/secrets.ts';
import { ArchiveError } from '../shared/errors.ts';
import { describeQueuedJob, type Job } from '../shared/jobs/job.ts';
import { type Queues, toMessageBody } from '../shared/jobs/queues.ts';
import { reportDialectOf } from '../shared/pbx/family-reports.ts';
import type { ReportDialect, ReportRequest } from '../shared/pbx/report-dialect.ts';
import { withoutPins } from '../shared/pbx/without-pins.ts';
import { log } from '../shared/telemetry/log.ts';

export const MAX_BODY_BYTES = 64 * 1024;

export interface IncomingReport extends ReportRequest {
  pbxId: string;
}

/** A PBX as the webhook sees it. */
export interface KnownPbx extends Pick<Pbx, 'serialNumber'> {
  queueUrl: string;
  dialect: Pick<ReportDialect, 'rejection' | 'split' | 'read'>;
  isAuthentic(request: ReportRequest): Promise<boolean>;
}

export interface ReceiveDeps {
  findPbx: (pbxId: string) => KnownPbx | undefined;
  queues: Queues;
  sessionQueueUrl: string;
  now: () => Date;
}

export type Receipt =
  | 'refused'
  | 'unauthorized'
  | 'too-large'
  | 'malformed'
  | 'queued'
  | 'session-requested'
  | 'ignored'
  | 'dead-lettered';

/** The PBX repeats a report until it gets status 200. Any other status asks it to do so, or refuses the report. */
export const STATUS: Readonly<Record<Receipt, number>> = {
  refused: 404,
  unauthorized: 401,
  // Asking for it again would bring the same again.
  'too-large': 200,
  malformed: 200,
  queued: 200,
  'session-requested': 200,
  ignored: 200,
  'dead-lettered': 200,
};

/**
 * Accepts a report, or several in one body: the receipt is that of the last. The body is not read before the secret has
 * been verified. A report that belongs in a queue is acknowledged only after it is there. Rejects if the queue or the
 * secret store fails.
 */
export async function receiveReport(
  { pbxId, ...request }: IncomingReport,
  deps: ReceiveDeps,
): Promise<Receipt> {
  const pbx = deps.findPbx(pbxId);
  if (pbx === undefined || !(await pbx.isAuthentic(request))) {
    // Only an id of ours: what else is in the path may be anything, even the secret.
    log('warn', 'report-rejected', pbx && { pbx: pbxId });
    return pbx?.dialect.rejection ?? 'refused';
  }
  const { body } = request;
  if (body.length > MAX_BODY_BYTES) {
    log('warn', 'report-too-large', { pbx: pbxId, bytes: body.length });
    return 'too-large';
  }
  let receipt: Receipt = 'malformed';
  for (const text of pbx.dialect.split(body.toString())) receipt = await acceptReport(text, pbxId, pbx, deps);
  return receipt;
}

async function acceptReport(text: string, pbxId: string, pbx: KnownPbx, deps: ReceiveDeps): Promise<Receipt> {
  const report = pbx.dialect.read(text, pbx.serialNumber);
  const reportedAt = deps.now().toISOString();
  switch (report.kind) {
    case 'recorded-call': {
      const { recording, call } = report;
      const job: Job = { version: 1, pbx: pbxId, recording, call, reportedAt };
      await deps.queues.send(pbx.queueUrl, job);
      log('info', 'job-queued', describeQueuedJob(job));
      return 'queued';
    }
    case 'boot-up':
      await deps.queues.send(deps.sessionQueueUrl, { pbx: pbxId, bootedAt: reportedAt });
      log('info', 'boot-up-reported', { pbx: pbxId });
      return 'session-requested';
    case 'ignored':
      log('info', 'report-ignored', { pbx: pbxId, report: report.event.slice(0, 40) });
      return 'ignored';
    case 'malformed':
      // Reconciliation finds the recording, if it was about one.
      log('error', 'report-malformed', { pbx: pbxId, bytes: Buffer.byteLength(text) });
      return 'malformed';
    case 'unreadable': {
      const error = new ArchiveError(report.code, report.reason, { kind: 'permanent' });
      const message = toMessageBody({ version: 1, pbx: pbxId, report: withoutPins(text), reportedAt });
      const reason = { pbx: pbxId, error, attempts: 1, firstAt: reportedAt, lastAt: reportedAt };
      await deps.queues.sendDeadLetter(message, reason);
      log('error', 'report-dead-lettered', { pbx: pbxId, code: report.code, reason: report.reason });
      return 'dead-lettered';
    }
  }
}

/** Returns a function that finds a PBX of the registry by its id. Webhook secrets are cached. */
export function createPbxLookup(
  registry: PbxRegistry,
  queueUrlBase: string,
  secrets: Secrets,
  now: () => number,
): (pbxId: string) => KnownPbx | undefined {
  const cached = new Map<string, CachedSecret>(
    Object.entries(registry).map(([id, pbx]) => {
      const fetch = async () => reportDialectOf(pbx).secretsOf(await readCredentials(pbx, secrets));
      return [id, createCachedSecret(fetch, now)];
    }),
  );
  return (pbxId) => {
    const pbx = registry[pbxId];
    const secret = cached.get(pbxId);
    if (pbx === undefined || secret === undefined) return undefined;
    const dialect = reportDialectOf(pbx);
    return {
      serialNumber: pbx.serialNumber,
      queueUrl: queueUrlBase + pbx.queueName,
      dialect,
      isAuthentic: (request) => secret.satisfies((known) => dialect.isAuthentic(request, known)),
    };
  };
}
