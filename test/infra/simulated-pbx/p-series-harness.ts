import { Agent, request } from 'undici';
import { onTestFinished } from 'vitest';
import {
  type PSeriesEvent,
  type SimulatedPSeriesOptions,
  startSimulatedPSeries,
} from '../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { identity } from './harness.ts';

/** A P-Series with its own clock, closed when the test ends. */
export async function startPSeriesHarness(options: SimulatedPSeriesOptions = {}) {
  const clock = { now: Date.UTC(2025, 9, 9, 10, 55, 0) };
  const events: PSeriesEvent[] = [];
  const pbx = await startSimulatedPSeries({
    tls: identity,
    now: () => clock.now,
    onEvent: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => pbx.close());
  return { pbx, clock, events };
}

/** Talks to a P-Series as its guide says, without the product's client. */
export function talkTo(url: string, localAddress = '127.0.0.1') {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, localAddress });
  onTestFinished(() => dispatcher.destroy());
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    query: Record<string, string> = {},
    body?: object,
    headers: Record<string, string> = { 'User-Agent': 'OpenAPI' },
  ) => {
    const pairs = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='));
    const response = await request(`${url}${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`, {
      dispatcher,
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    return Buffer.from(await response.body.arrayBuffer());
  };
  const json = async (...parameters: Parameters<typeof send>) =>
    JSON.parse((await send(...parameters)).toString()) as Record<string, unknown>;
  const getToken = (secret = 'client-secret') =>
    json('POST', '/openapi/v1.0/get_token', {}, { username: 'client-id', password: secret });
  const get = (operation: string, query: Record<string, string>) =>
    json('GET', `/openapi/v1.0/${operation}`, query);
  return { send, json, getToken, get };
}
