import type { Call } from '../jobs/call.ts';
import type { Credentials } from './family-settings.ts';

/** The parts of a report that matter to the archive. */
export type Report =
  | { kind: 'recorded-call'; recording: string; call: Call }
  | { kind: 'boot-up' }
  | { kind: 'ignored'; event: string }
  /** A person may be able to make something of it. */
  | { kind: 'unreadable'; code: string; reason: string }
  /** Not even its event can be found: nothing can be done with it. */
  | { kind: 'malformed' };

export const unreadable = (code: string, reason: string): Report => ({ kind: 'unreadable', code, reason });

export const FOREIGN_REPORT = unreadable(
  'report-foreign',
  'The report has another serial number (sn) than configured for this PBX. If the PBX was replaced, correct ' +
    'serialNumber in cdk.json.',
);

/** A request to the webhook, as far as it may show that a PBX has sent it. */
export interface ReportRequest {
  /** The last segment of the path. */
  secret: string;
  /** The header `X-Signature`. */
  signature: string | undefined;
  /** As received: a signature is one of bytes. */
  body: Buffer;
}

/** How the webhook deals with what a family posts. */
export interface ReportDialect {
  /** What becomes of a report that is not authentic. */
  rejection: 'refused' | 'unauthorized';
  /** What makes a report authentic: any one of these. */
  secretsOf(credentials: Credentials): string[];
  /** The field of the credentials with the PBX's own secret. Absent if the secret is one that the stack generated. */
  secretField?: string;
  /** Compares in constant time. The body has not been read yet. */
  isAuthentic(request: ReportRequest, secret: string): boolean;
  /** The reports in a body. */
  split(body: string): string[];
  /** Never throws: `unreadable` is a result like the others. Reasons name fields, never values. */
  read(report: string, serialNumber: string | undefined): Report;
  /** What a person has to enter in the PBX so that it posts reports to a host. Absent if the login configures it. */
  setUp?(hostUrl: string, pbxId: string): string;
  /** Whether this firmware can post reports. Absent if every firmware can. */
  canPost?(firmware: string): boolean;
  /** If reports are rejected: what is probably wrong, and what to do. Has no secret. */
  likelyFault: string;
  /** If no report comes: what only a person can look up in the PBX, as a question. Has no secret. */
  question?(pbxId: string): string;
}
