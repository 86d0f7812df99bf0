import type { Answer } from '../../../infra/simulated-pbx/reports.ts';
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

  constructor(world: World, webhook: LambdaFunction) {
    this.#world = world;
    this.#webhook = webhook;
  }

  async post(office: Office, url: string, body: string | Buffer): Promise<Answer> {
    const { faults, latency } = this.#world;
    await delay(latency.integer(1, 100));
    const isBootUp = String(body).includes('"BootUp"');
    const isCutOff = office.line.state !== 'up' || (isBootUp && office.isBootUpLost);
    if (isCutOff || faults.strikes('report-lost', office.id)) return this.#noResponse();
    if (faults.strikes('report-repeated', office.id)) void this.#deliver(url, body);
    if (faults.strikes('report-forged', office.id)) void this.#forge(url, body);
    const response = await Promise.race([this.#deliver(url, body), this.#noResponse()]);
    return faults.strikes('report-response-lost', office.id) ? this.#noResponse() : response;
  }

  async #noResponse(): Promise<Answer> {
    await delay(PATIENCE_MS);
    return 'no-answer';
  }

  async #deliver(url: string, body: string | Buffer): Promise<Answer> {
    const [, pbxId = '', secret = ''] = /\/reports\/([^/]+)\/([^/]+)$/.exec(url) ?? [];
    const outcome = await this.#webhook.invoke({ pathParameters: { pbxId, secret }, body: String(body) });
    const { statusCode = 500 } = ((outcome.how === 'returned' && outcome.value) || {}) as {
      statusCode?: number;
    };
    this.#world.checks.functions.afterReport(statusCode, outcome);
    return statusCode;
  }

  /** Somebody who knows the address, but not the secret, reports a call that never happened. */
  async #forge(url: string, body: string | Buffer): Promise<void> {
    const forged = String(body).replace(
      /"recording":"[^"]*"/,
      '"recording":"20260101000000-1.1-1-2-Forged.wav"',
    );
    const response = await this.#deliver(url.replace(/[^/]+$/, 'f'.repeat(48)), forged);
    this.#world.checks.functions.afterForgery(response);
  }
}
