import { sign } from '../../../infra/simulated-pbx/p-series/webhook.ts';
import type { Answer } from '../../../infra/simulated-pbx/reports.ts';
import type { Random } from '../engine/random.ts';
import { delay } from '../engine/virtual-time.ts';
import type { Office } from '../pbx/office.ts';
import type { World } from '../world.ts';
import type { LambdaFunction } from './lambda-function.ts';

/** How long a PBX waits for a response. */
const PATIENCE_MS = 10_000;

/** The path of a report: internet, API Gateway, webhook function. */
export class ReportApi {
  readonly #world: World;
  readonly #webhook: LambdaFunction;
  readonly #forgery: Random;

  constructor(world: World, webhook: LambdaFunction) {
    this.#world = world;
    this.#webhook = webhook;
    this.#forgery = world.randomFor('forgery');
  }

  async post(office: Office, url: string, body: string | Buffer, headers: Headers = {}): Promise<Answer> {
    const { faults, latency } = this.#world;
    await delay(latency.integer(1, 100));
    const isBootUp = String(body).includes('"BootUp"');
    const isCutOff = office.line.state !== 'up' || (isBootUp && office.isBootUpLost);
    if (isCutOff || faults.strikes('report-lost', office.id)) return this.#noResponse();
    if (faults.strikes('report-repeated', office.id)) void this.#deliver(url, body, headers);
    if (faults.strikes('report-forged', office.id)) void this.#forge(office, url, body, headers);
    const response = await Promise.race([this.#deliver(url, body, headers), this.#noResponse()]);
    return faults.strikes('report-response-lost', office.id) ? this.#noResponse() : response;
  }

  async #noResponse(): Promise<Answer> {
    await delay(PATIENCE_MS);
    return 'no-answer';
  }

  async #deliver(url: string, body: string | Buffer, headers: Headers): Promise<Answer> {
    const [, pbxId = '', secret = ''] = /\/reports\/([^/]+)\/([^/]+)$/.exec(url) ?? [];
    const event = { pathParameters: { pbxId, secret }, headers: lowerCased(headers), body: String(body) };
    const outcome = await this.#webhook.invoke(event);
    const { statusCode = 500 } = ((outcome.how === 'returned' && outcome.value) || {}) as {
      statusCode?: number;
    };
    this.#world.checks.functions.afterReport(statusCode, outcome);
    return statusCode;
  }

  /** Somebody who knows the address, but not the secret, reports a call that never happened. */
  async #forge(office: Office, url: string, body: string | Buffer, headers: Headers): Promise<void> {
    const forged = String(body).replace(
      /(\\?"recording\\?":\\?")[^"\\]*/,
      (_, key: string) => `${key}20260101000000-1.1-1-2-Forged.wav`,
    );
    const { 'X-Signature': signature, ...unsigned } = headers;
    const isSigned = signature !== undefined;
    const to = isSigned ? url : url.replace(/[^/]+$/, 'f'.repeat(48));
    const response = await this.#deliver(
      to,
      forged,
      isSigned ? this.#sign(office, forged, headers) : unsigned,
    );
    this.#world.checks.functions.afterForgery(response);
  }

  /** Without a signature, with that of another body, or with that by another secret. */
  #sign({ id }: Office, body: string, { 'X-Signature': signature = '', ...unsigned }: Headers): Headers {
    const how = this.#forgery.pick(['none', 'of another body', 'by another secret', 'hex'] as const);
    this.#world.trace.add(id, `forged report, signature: ${how}`);
    if (how === 'none') return unsigned;
    if (how === 'of another body') return { ...unsigned, 'X-Signature': signature };
    const forged = sign(body, 'f'.repeat(32));
    return {
      ...unsigned,
      'X-Signature': how === 'hex' ? Buffer.from(forged, 'base64').toString('hex') : forged,
    };
  }
}

type Headers = Readonly<Record<string, string>>;

/** As API Gateway passes them on (payload format 2.0). */
const lowerCased = (headers: Headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
