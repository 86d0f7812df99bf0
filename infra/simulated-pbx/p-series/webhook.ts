import { createHmac, randomBytes } from 'node:crypto';
import type { Answer, ReportOutcome, ReportSender } from '../reports.ts';

/** Event 30012, "Call End Details Notification". */
const CALL_END = 30012;

/** How `msg` arrives: as a string that holds JSON, as an object, or in turn. */
export type MessageForm = 'text' | 'object';

function describeEvent(type: number, serialNumber: string, message: object, form: MessageForm): string {
  const msg = form === 'text' ? JSON.stringify(message) : message;
  return JSON.stringify({ type, sn: serialNumber, msg });
}

/** `X-Signature`: Base64 of the HMAC-SHA256 over the body, with the characters of the secret as the key. */
export const sign = (body: string | Buffer, secret: string) =>
  createHmac('sha256', secret).update(body).digest('base64');

interface WebhookOptions {
  sender: ReportSender;
  maxReports: number;
  serialNumber: string;
  messages: MessageForm;
  /** Counts what is posted. */
  stats: { reports: number };
}

/** Posts events to where the webhook leads, signed with its secret. */
export function createWebhook({ sender, maxReports, serialNumber, messages, stats }: WebhookOptions) {
  let webhook: { url: string; secret: string } | undefined;
  const makeSecret = () => randomBytes(16).toString('hex');

  function postOnce(body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    if (webhook === undefined) return Promise.resolve('no-answer');
    stats.reports++;
    const signature = { 'User-Agent': 'Yeastar', 'X-Signature': sign(body, webhook.secret) };
    return sender.postOnce(webhook.url, body, { ...signature, ...headers });
  }

  return {
    /** Returns the secret, which stays the same. */
    set(url: string): string {
      webhook = { url, secret: webhook?.secret ?? makeSecret() };
      return webhook.secret;
    },
    renewSecret(): string {
      webhook = { url: webhook?.url ?? '', secret: makeSecret() };
      return webhook.secret;
    },
    postOnce,
    /** Repeats the event until it is accepted, as often as the PBX would. */
    async post(report: Record<string, unknown>, type = CALL_END): Promise<ReportOutcome> {
      const body = describeEvent(type, serialNumber, report, messages);
      const answers: Answer[] = [];
      const isAccepted = (answer: Answer) => answer !== 'no-answer' && answer >= 200 && answer < 300;
      let delivered = false;
      while (!delivered && answers.length < maxReports && !sender.isClosed) {
        if (answers.length > 0) await sender.waitToRepeat(answers.length);
        const answer = await postOnce(body);
        answers.push(answer);
        delivered = isAccepted(answer);
      }
      return { delivered, answers };
    },
  };
}
