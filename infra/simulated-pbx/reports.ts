import http from 'node:http';
import https from 'node:https';
import { setTimeout } from 'node:timers/promises';
import type { PbxEvent } from './events.ts';
import type { Subscription } from './subscription.ts';

const RESPONSE_TIMEOUT_MS = 10_000;

export type Answer = number | 'no-answer';

export interface ReportOutcome {
  delivered: boolean;
  /** One per POST, repeats included; empty if nobody was subscribed. */
  answers: Answer[];
}

export interface ReportSenderOptions {
  maxReports: number;
  /** Milliseconds before each repeat, or a function that resolves when it is due. */
  repeatDelay: number | ((repeat: number) => Promise<unknown>);
  emit: (event: PbxEvent) => void;
  post?: PostReport;
}

type Headers = Record<string, string>;

/** Posts a text once and resolves to the status of the response. */
export type PostReport = (url: string, body: string | Buffer, headers: Headers) => Promise<Answer>;

/** Posts reports as the PBX does: unless the response is 200, it sends the same report again. */
export class ReportSender {
  #options: ReportSenderOptions;
  #closing = new AbortController();

  constructor(options: ReportSenderOptions) {
    this.#options = options;
  }

  /** `subscription` is called before each attempt: the repeats end when the token has expired. */
  async post(
    report: Record<string, unknown>,
    subscription: () => Subscription | undefined,
  ): Promise<ReportOutcome> {
    const { emit, maxReports } = this.#options;
    const action = String(report.action ?? report.event ?? '');
    const answers: Answer[] = [];
    for (let attempt = 1; attempt <= maxReports; attempt++) {
      if (attempt > 1) await this.waitToRepeat(attempt - 1);
      const target = subscription();
      if (!target || this.isClosed) {
        emit({ type: 'report-dropped', action, reason: 'nobody-subscribed' });
        return { delivered: false, answers };
      }
      emit({ type: 'report-sent', action, url: target.url, attempt });
      const answer = await this.postOnce(target.url, serialize(report, target.wellFormed));
      answers.push(answer);
      emit({ type: 'report-answered', action, answer, attempt });
      if (answer === 200) return { delivered: true, answers };
    }
    emit({ type: 'report-dropped', action, reason: 'never-accepted' });
    return { delivered: false, answers };
  }

  postOnce(url: string, body: string | Buffer, headers: Headers = {}): Promise<Answer> {
    if (this.#options.post) return this.#options.post(url, body, headers);
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(RESPONSE_TIMEOUT_MS)]);
    return new Promise((resolve) => {
      const target = URL.parse(url);
      if (!target) return resolve('no-answer');
      const options: https.RequestOptions = {
        method: 'POST',
        // Like the PBX: a new connection for each report, and no check of the certificate.
        agent: false,
        rejectUnauthorized: false,
        signal,
        headers: {
          'User-Agent': 'WebAPI',
          'Content-Type': 'application/json',
          Accept: 'application/json',
          'Content-Length': Buffer.byteLength(body),
          ...headers,
        },
      };
      const client = target.protocol === 'https:' ? https : http;
      const request = client.request(target, options, (response) => {
        response.on('error', () => {}).resume();
        response.on('close', () => resolve(response.statusCode ?? 'no-answer'));
      });
      request.on('error', () => resolve('no-answer'));
      request.end(body);
    });
  }

  close(): void {
    this.#closing.abort();
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Closing cuts the wait short, so the caller has to look at `isClosed` before it repeats. */
  async waitToRepeat(repeat: number): Promise<void> {
    const { repeatDelay } = this.#options;
    if (typeof repeatDelay === 'function') await repeatDelay(repeat);
    else await setTimeout(repeatDelay, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}

/** Without the right `version` in the login, the PBX writes one key twice. */
function serialize(report: Record<string, unknown>, wellFormed: boolean): string {
  const json = JSON.stringify(report);
  if (wellFormed) return json;
  const [first] = Object.entries(report).slice(1);
  return first ? json.replace('{', `{${JSON.stringify(first[0])}:${JSON.stringify(first[1])},`) : json;
}
