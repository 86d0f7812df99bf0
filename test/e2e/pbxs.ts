import { randomBytes } from 'node:crypto';
import {
  type PSeriesCallOptions,
  type SimulatedPSeries,
  startSimulatedPSeries,
} from '../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import {
  type CallOptions,
  type Misbehaviour,
  type PbxEvent,
  type SimulatedCall,
  type SimulatedPbx,
  type SimulatedPbxOptions,
  startSimulatedPbx,
} from '../../infra/simulated-pbx/simulated-pbx.ts';
import type { Curl } from './curl.ts';

/** A call that a PBX of any family can make. */
export type TestCall = CallOptions & PSeriesCallOptions & { misbehaviour?: Misbehaviour[] };

/** A simulated PBX in this process, with TLS and a self-signed certificate. */
export interface AnyPbx {
  readonly id: string;
  /** What cdk.json says of it. */
  readonly settings: object;
  /** What a person does in its web page; returns what that person enters in its secret. */
  prepare(webhookHost: string): Record<string, string>;
  makeCall(call: TestCall): SimulatedCall;
  postReport(report: Record<string, unknown>): Promise<{ delivered: boolean; answers: unknown[] }>;
  /** The kinds of its misbehaviours with a recording, in their order. */
  misbehavedWith(recording: string): string[];
  dropTokens(): void;
  close(): Promise<void>;
}

/** One of the S-Series. */
export type Pbx = SimulatedPbx & AnyPbx;

export type PSeries = SimulatedPSeries & AnyPbx;

const TIME_ZONE = 'Europe/Berlin';

/** Reports go to a host that only curl here knows how to reach. */
const posterBy =
  (curl: Curl): NonNullable<SimulatedPbxOptions['post']> =>
  async (url, body, headers) => {
    const fields = Object.entries({ 'Content-Type': 'application/json', ...headers });
    const args = fields.flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
    return (await curl([...args, '--data-binary', '@-', url], body)).status;
  };

const newSecret = () => randomBytes(12).toString('hex');

const settingsFor = (pbx: { url: string; fingerprint256: string }, serialNumber: string) => ({
  baseUrl: pbx.url,
  serialNumber,
  timeZone: TIME_ZONE,
  tls: { fingerprint256: pbx.fingerprint256 },
});

export async function startPbx(
  id: string,
  curl: Curl,
  options: { serialNumber: string; contentLength?: boolean },
): Promise<Pbx> {
  const credentials = { username: 'api', password: newSecret() };
  const events: PbxEvent[] = [];
  const pbx = await startSimulatedPbx({
    ...options,
    ...credentials,
    timeZone: TIME_ZONE,
    onEvent: (event) => void events.push(event),
    post: posterBy(curl),
  });
  const misbehavedWith = (recording: string) =>
    events.flatMap((event) =>
      event.type === 'misbehaved' && event.recording === recording ? [event.kind] : [],
    );
  // The login names the host.
  const prepare = () => credentials;
  return { ...pbx, id, settings: settingsFor(pbx, options.serialNumber), prepare, misbehavedWith };
}

export async function startPSeries(
  id: string,
  curl: Curl,
  { serialNumber }: { serialNumber: string },
): Promise<PSeries> {
  const credentials = { clientId: newSecret(), clientSecret: newSecret() };
  const pbx = await startSimulatedPSeries({
    ...credentials,
    serialNumber,
    timeZone: TIME_ZONE,
    post: posterBy(curl),
  });
  return {
    ...pbx,
    id,
    settings: { family: 'p-series', ...settingsFor(pbx, serialNumber) },
    prepare: (webhookHost) => ({
      ...credentials,
      signatureSecret: pbx.setWebhook(`https://${webhookHost}/reports/${id}/p-series`),
    }),
    misbehavedWith: () => [],
  };
}
