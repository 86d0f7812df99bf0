import { join } from 'node:path';
import {
  type PSeriesCallOptions,
  startSimulatedPSeries,
} from '../simulated-pbx/p-series/simulated-p-series.ts';
import { type CallOptions, startSimulatedPbx } from '../simulated-pbx/simulated-pbx.ts';
import type { LocalPbx } from './host.ts';
import type { Options } from './options.ts';
import { generateSecret } from './resources.ts';

/** A call that has just ended. */
export interface DemoCall {
  /** Id of its PBX. */
  pbx: string;
  from: string;
  to: string;
  talkSeconds: number;
  recording: string;
  bytes: Buffer;
  /** Posts the PBX's report of it. */
  report(): Promise<unknown>;
}

/** A simulated PBX, whatever its family. */
export interface DemoPbx {
  id: string;
  url: string;
  fingerprint256: string;
  /** For people. */
  model: string;
  settings: LocalPbx;
  /** As far as a person has to do this. `webhook` is the URL of the webhook's host, without a path. */
  reportTo(webhook: string): void;
  makeCall(number: number): DemoCall;
  close(): Promise<void>;
}

interface ExampleCall extends PSeriesCallOptions {
  talkSeconds: number;
  fields?: CallOptions['fields'] & {};
}

const EXAMPLE_CALLS: ExampleCall[] = [
  { from: '+49 30 901820', to: '1000', type: 'Inbound', talkSeconds: 9 },
  { from: '1001', to: '1003', type: 'Internal', talkSeconds: 4 },
  { from: '1002', to: '*43#', type: 'Outbound', talkSeconds: 6 },
];

const exampleOf = (number: number): ExampleCall =>
  EXAMPLE_CALLS[number % EXAMPLE_CALLS.length] ?? { from: '1001', to: '1003', talkSeconds: 4 };

/** Starts what a demo shows, each with its state in `directory`. */
export async function startDemoPbxs(demo: Options['demo'], directory: string): Promise<DemoPbx[]> {
  switch (demo) {
    case 's-series':
      return [await startSSeries('demo', directory)];
    case 'p-series':
      return [await startPSeries('demo-p-series', directory)];
    case 'mixed':
      return Promise.all([startSSeries('demo', directory), startPSeries('demo-p-series', directory)]);
  }
}

async function startSSeries(id: string, directory: string): Promise<DemoPbx> {
  const credentials = { username: 'api', password: generateSecret() };
  const pbx = await startSimulatedPbx({ ...credentials, directory: join(directory, 'simulated-pbx') });
  const { url, fingerprint256 } = pbx;
  return {
    id,
    url,
    fingerprint256,
    model: 'S-Series',
    // The login tells the PBX.
    reportTo: () => {},
    settings: { baseUrl: url, reportUrl: 'http://{host}', tls: { fingerprint256 }, credentials },
    makeCall(number) {
      const call = exampleOf(number);
      const trunk = call.type === 'Outbound' ? { dsttrunkname: 'Berlin' } : { srctrunkname: 'Berlin' };
      const made = pbx.makeCall({ ...call, ...(call.type !== 'Internal' && { fields: trunk }) });
      return { pbx: id, ...call, ...made, report: () => pbx.postReport(made.report) };
    },
    close: () => pbx.close(),
  };
}

async function startPSeries(id: string, directory: string): Promise<DemoPbx> {
  const credentials = { clientId: 'demo', clientSecret: generateSecret() };
  const pbx = await startSimulatedPSeries({
    ...credentials,
    directory: join(directory, 'simulated-p-series'),
  });
  const { url, fingerprint256 } = pbx;
  // A person finds it in the web page of the PBX, which makes it.
  const signatureSecret = pbx.setWebhook('');
  return {
    id,
    url,
    fingerprint256,
    model: 'P-Series',
    reportTo: (webhook) => void pbx.setWebhook(`${webhook}/reports/${id}/p-series`),
    settings: {
      family: 'p-series',
      baseUrl: url,
      reportUrl: 'http://{host}',
      tls: { fingerprint256 },
      credentials: { ...credentials, signatureSecret },
    },
    makeCall(number) {
      const call = exampleOf(number);
      const made = pbx.makeCall(call);
      return { pbx: id, ...call, ...made, report: () => pbx.postReport(made.report) };
    },
    close: () => pbx.close(),
  };
}
